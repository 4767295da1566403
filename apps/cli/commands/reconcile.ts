// saphan reconcile: compare a provider's list with what it acknowledged, see what differs, plan and approve the repair.
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface Run {
  runId: number;
  provider: string;
  result: string | null;
  detail: string | null;
  heldHere: number | null;
  heldThere: number | null;
  drifted: number;
  awaiting: number;
  forwarded: number;
}

interface Drift {
  groups: { kind: string; cause: string; count: number; confirmed: number }[];
}

interface Plan {
  planId: number;
  sha256: string;
  additions: number;
  removals: number;
  state: string;
}

/** Asked again after so many milliseconds while a comparison runs. */
const LOOK_MS = 200;

const WORDS: Record<string, { th: string; en: string }> = {
  equal: { th: 'ตรงกัน', en: 'equal' },
  differs: { th: 'ไม่ตรงกัน', en: 'differs' },
  restored: { th: 'ผู้ให้บริการย้อนข้อมูล ระบบกำลังส่งซ้ำ', en: 'the provider lost data; it is being said again' },
  notNow: { th: 'เทียบไม่ได้ในขณะนี้', en: 'cannot be judged now; try again' },
  refused: {
    th: 'รายการที่ผู้ให้บริการส่งมาใช้ไม่ได้ ไม่มีการแก้ไขหรือลบ',
    en: 'what it sent as its list cannot be believed; nothing was repaired and nothing removed',
  },
  cannotTell: { th: 'ผู้ให้บริการไม่ตอบ', en: 'the provider does not say' },
};

export function reconcileCommand(program: Command, contextOf: ContextOf): void {
  const group = program.command('reconcile').description('what a provider holds against what it acknowledged');
  group
    .command('run')
    .argument('<provider>', 'code, e.g. AIS')
    .description('compare now and wait for the result')
    .option('--full', 'by its whole list, also where it serves digests')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (code: string, options: { reason: string; full?: true }, command: Command) =>
      run(
        contextOf(command),
        code,
        options.full ? { reason: options.reason, by: 'snapshot' } : { reason: options.reason },
      ),
    );
  group
    .command('lists')
    .argument('<provider>', 'code, e.g. CAT')
    .description('its whole lists that were used or refused, and why')
    .action(async (code: string, _options: unknown, command: Command) => showLists(contextOf(command), code));
  group
    .command('drift')
    .argument('<provider>', 'code, e.g. AIS')
    .description('what differs as of the last comparison, by cause')
    .action(async (code: string, _options: unknown, command: Command) => showDrift(contextOf(command), code));
  group
    .command('propose')
    .argument('<provider>', 'code, e.g. AIS')
    .description('freeze a plan that puts right what was seen twice')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (code: string, options: { reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const plan = await hub.post<Plan>(`/v1/providers/${encodeURIComponent(code)}/repair-plans`, options);
      output.result(plan, () => planText(plan));
    });
  group
    .command('approve')
    .argument('<plan>', 'its number')
    .description("approve somebody else's plan, named by its hash")
    .requiredOption('--sha256 <hash>', 'the hash that was shown when it was proposed')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (plan: string, options: { sha256: string; reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.post<Plan>(`/v1/repair-plans/${encodeURIComponent(plan)}/approve`, options);
      output.result(answer, () => planText(answer));
    });
}

function planText(plan: Plan): string {
  return `plan ${plan.planId}: ${plan.state}; ${plan.additions} to add, ${plan.removals} to remove\nsha256 ${plan.sha256}`;
}

async function run({ output, hub }: Context, code: string, body: { reason: string; by?: 'snapshot' }): Promise<void> {
  let one = await hub.post<Run>(`/v1/providers/${encodeURIComponent(code)}/reconciliations`, body);
  while (one.result === null) {
    await pause(LOOK_MS);
    one = await hub.get<Run>(`/v1/reconciliations/${one.runId}`);
  }
  const result = one.result;
  const words = WORDS[result];
  output.result(one, () =>
    [
      `${one.provider}: ${words ? output.t(words) : result}${one.detail ? ` (${one.detail})` : ''}`,
      `${output.t({ th: 'รับทราบว่ามี', en: 'acknowledged' })} ${one.heldHere ?? '-'}, ${output.t({ th: 'มีอยู่จริง', en: 'holds' })} ${one.heldThere ?? '-'}, ${output.t({ th: 'ต่างกัน', en: 'different' })} ${one.drifted}, ${output.t({ th: 'ระหว่างส่ง', en: 'under way' })} ${one.awaiting}`,
    ].join('\n'),
  );
  if (result !== 'equal') throw new CliError(EXIT.failed, `${one.provider}: ${result}`);
}

interface List {
  snapshotId: number;
  state: 'used' | 'refused';
  detail: string | null;
  asOfSeq: number | null;
  lines: number | null;
  at: string;
}

async function showLists({ output, hub }: Context, code: string): Promise<void> {
  const found = await hub.get<{ snapshots: List[] }>(`/v1/providers/${encodeURIComponent(code)}/snapshots`);
  output.result(found, () =>
    found.snapshots.length === 0
      ? output.t({ th: 'ยังไม่เคยได้รับรายการทั้งหมด', en: 'no whole list of it came yet' })
      : table(
          [
            output.t({ th: 'เมื่อ', en: 'at' }),
            output.t({ th: 'ผล', en: 'state' }),
            output.t({ th: 'จำนวน', en: 'lines' }),
            output.t({ th: 'ถึงลำดับ', en: 'as of change' }),
            output.t({ th: 'เพราะ', en: 'why' }),
          ],
          found.snapshots.map((each) => [
            each.at,
            each.state,
            each.lines ?? '-',
            each.asOfSeq ?? '-',
            each.detail ?? '',
          ]),
        ),
  );
}

async function showDrift({ output, hub }: Context, code: string): Promise<void> {
  const drift = await hub.get<Drift>(`/v1/providers/${encodeURIComponent(code)}/drift`);
  output.result(drift, () =>
    drift.groups.length === 0
      ? output.t({ th: 'ไม่พบความแตกต่าง', en: 'nothing differs' })
      : table(
          [
            output.t({ th: 'ความแตกต่าง', en: 'what' }),
            output.t({ th: 'สาเหตุ', en: 'cause' }),
            output.t({ th: 'จำนวน', en: 'entries' }),
            output.t({ th: 'ยืนยันแล้ว', en: 'seen twice' }),
          ],
          drift.groups.map((each) => [each.kind, each.cause, each.count, each.confirmed]),
        ),
  );
}
