// The test of a provider: the way to it, then one of its test lines added and removed. The line goes through registration,
// log and queue as every other, so numbers stay 1..n and what is tested is what will run.
import type { DataSource } from 'typeorm';
import { Problem, type AdapterRegistry, type TestLine } from '#contracts';
import { cancelRegistrations, register, type IntakeParts } from '#intake';
import { noteSteps, standingsOf, type TestStep } from '#operations';
import { bangkokDay, HUB_ACTOR_ID, query, type ProviderRow } from '#platform';

/** The agency that stands for tests, so that they can be told apart in every count and report. */
export const TEST_AGENCY = 'SAPHAN-TEST';

const POLL_MS = 200;
const DAY_MS = 86_400_000;

export interface TestParts {
  source: DataSource;
  adapters: AdapterRegistry;
  intake: IntakeParts;
}

export interface TestOrder {
  testId: number;
  provider: ProviderRow;
  line: TestLine;
  lineNo: number;
  lines: number;
  withinMs: number;
  actor: { actorId: number; name: string };
}

/** Runs all steps and writes each when it has ended. Whatever happens, the test line is taken off again. */
export async function runTest(parts: TestParts, order: TestOrder, signal: AbortSignal): Promise<void> {
  const steps: TestStep[] = [];
  const note = async (step: TestStep): Promise<void> => {
    steps.push(step);
    await noteSteps(parts.source, order.testId, steps);
  };
  // Signs of life while a step waits for its outcome.
  const alive = setInterval(() => void noteSteps(parts.source, order.testId, steps).catch(() => undefined), 10_000);
  try {
    for (const step of await parts.adapters.get(order.provider.code).probe(signal)) await note(step);
    if (steps.some((step) => step.outcome !== 'passed')) {
      await note(skipped('add'));
      await note(skipped('remove'));
      return;
    }
    await addAndRemove(parts, order, signal, note);
  } finally {
    clearInterval(alive);
    const passed = steps.length === 5 && steps.every((step) => step.outcome === 'passed');
    await noteSteps(parts.source, order.testId, steps, passed ? 'passed' : 'failed');
  }
}

function skipped(step: TestStep['step']): TestStep {
  return { step, outcome: 'skipped', text: 'not tried', ms: 0 };
}

async function addAndRemove(
  parts: TestParts,
  order: TestOrder,
  signal: AbortSignal,
  note: (step: TestStep) => Promise<void>,
): Promise<void> {
  const which = `test line ${order.lineNo} of ${order.lines}`;
  let began = performance.now();
  const ms = (): number => Math.round(performance.now() - began);
  let made: { lineId: number; registrationId: string };
  try {
    made = await registerTestLine(parts, order);
  } catch (error) {
    const why =
      error instanceof Problem
        ? `${error.detail} ${(error.extra.errors ?? []).map((one) => one.detail).join(' ')}`
        : 'it cannot be registered';
    await note({ step: 'add', outcome: 'failed', text: `${which}: ${why.trim()}`, ms: ms() });
    await note(skipped('remove'));
    return;
  }
  try {
    await note({ step: 'add', ...(await outcomeOf(parts, order, made.lineId, true, which, signal)), ms: ms() });
  } finally {
    began = performance.now();
    await cancelRegistrations(parts.intake, { id: made.registrationId }, order.actor.actorId);
  }
  await note({ step: 'remove', ...(await outcomeOf(parts, order, made.lineId, false, which, signal)), ms: ms() });
}

async function registerTestLine(
  { source, intake }: TestParts,
  { testId, provider, line, actor }: TestOrder,
): Promise<{ lineId: number; registrationId: string }> {
  const added = await query(
    source,
    `INSERT INTO agency (code, name_th, name_en, category, actor_id) VALUES ($1, 'การทดสอบผู้ให้บริการ', 'Tests of providers', 'OTHER', $2)
     ON CONFLICT (code) DO NOTHING RETURNING agency_id`,
    [TEST_AGENCY, HUB_ACTOR_ID],
  );
  if (added.length > 0) intake.catalogue.forget();
  const lineKey = line.access === 'MB' ? `M:${line.line.replace('+', '')}` : `F:${provider.code}:${line.line}`;
  const [taken] = await query(
    source,
    `SELECT 1 FROM registration JOIN line USING (line_id) WHERE line_key = $1 AND state = 'confirmed' LIMIT 1`,
    [lineKey],
  );
  if (taken)
    throw new Problem(
      409,
      'test-line-registered',
      'Registered',
      'it is registered by an agency; name a line that nobody uses.',
    );
  const now = new Date();
  const answer = await register(
    intake,
    {
      agency: TEST_AGENCY,
      reference: `test-${testId}`,
      confirmation: { confirmedAt: now.toISOString(), confirmedBy: actor.name, document: `test ${testId}` },
      lines: [
        {
          provider: provider.code,
          access: line.access,
          number: line.line,
          validFrom: bangkokDay(now),
          // If the hub dies in the middle, the line goes off by itself.
          validTo: bangkokDay(new Date(now.getTime() + DAY_MS)),
        },
      ],
    },
    actor.actorId,
  );
  const [registered] = answer.lines;
  const lineId = registered ? intake.vault.valueOf('line', registered.lineId) : null;
  if (!registered || lineId === null) throw new Error('the test line was not registered');
  return { lineId, registrationId: registered.id };
}

/** Waits for the provider's word on the line's change, which takes its turn in the log. */
async function outcomeOf(
  { source }: TestParts,
  { provider, withinMs }: TestOrder,
  lineId: number,
  add: boolean,
  which: string,
  signal: AbortSignal,
): Promise<Pick<TestStep, 'outcome' | 'text'>> {
  const verb = add ? 'added' : 'removed';
  const end = Date.now() + withinMs;
  const key = `${lineId}/${provider.providerId}`;
  let state = 'pending';
  while (Date.now() < end && !signal.aborted) {
    const standing = (await standingsOf(source, [{ lineId, providerId: provider.providerId }])).get(key);
    if (standing?.standing === 'applied')
      return { outcome: 'passed', text: `${which} was ${verb}; the provider confirmed it` };
    if (standing?.standing === 'rejected' || standing?.standing === 'uncertain' || standing?.standing === 'held') {
      return { outcome: 'failed', text: `${which} was not ${verb}: ${standing.state}; ${standing.reason}` };
    }
    state = standing?.state ?? state;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const later = add ? '' : '; it goes off by itself';
  return { outcome: 'failed', text: `no outcome within ${withinMs / 1000} s; ${which} is ${state}${later}` };
}
