// What the specs of moves share: NT as a seventh provider, lines by the thousand, and an eye on where each line is held.
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { referenceProfile, withEndpoint } from '#adapters';
import type { ProviderProfile } from '#contracts';
import { approveHandOver, proposeHandOver, startHandOver } from '#intake';
import { HUB_ACTOR_ID, inTransaction, query, saveProvider, SecretStore, Vault } from '#platform';
import { Deriver } from '#whitelist';
import type { TestHub } from '../../support/hub.js';

/** What the simulator of NT signs against; give it as `hubSecrets`. */
export const NT_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

/** NT by configuration alone: a profile and a secret. Returns its id. */
export async function addNt(hub: TestHub): Promise<number> {
  const secrets = new SecretStore(hub.source, new Vault(hub.config.keys.master));
  await secrets.put('nt.signing.1', NT_SECRET, HUB_ACTOR_ID);
  const profile: ProviderProfile = {
    ...withEndpoint(referenceProfile('AIS') as ProviderProfile, { target: hub.simulator.get('NT').address.target }),
    code: 'NT',
    nameTh: 'เอ็นที',
    nameEn: 'National Telecom',
    retryScheduleS: [0.2, 0.5, 1],
    secrets: { signing: ['nt.signing.1'], callback: [], sshKey: null },
  };
  delete profile.reconcileEveryS;
  delete profile.observe;
  return saveProvider(hub.source, profile, HUB_ACTOR_ID);
}

export async function providerIds(source: DataSource): Promise<Record<string, number>> {
  const rows = await query<{ code: string; id: number }>(source, 'SELECT code, provider_id AS id FROM provider');
  return Object.fromEntries(rows.map((row) => [row.code, row.id]));
}

/** Registers new lines with one provider, confirmed and valid today; circuits when `access` is FB. Returns their ids. */
export async function registerAt(
  source: DataSource,
  provider: { code: string; id: number },
  access: 'MB' | 'FB',
  count: number,
  today: string,
  firstNumber = 0,
): Promise<number[]> {
  return inTransaction(source, async (tx) => {
    await tx.query(
      `INSERT INTO agency (code, name_th, category, actor_id) VALUES ('T1', 'หน่วยงานทดสอบ', 'OTHER', 1) ON CONFLICT DO NOTHING`,
    );
    const [{ base } = { base: 0 }] = await tx.query<{ base: number }>('SELECT count(*) AS base FROM line');
    const key =
      access === 'MB' ? `'M:66' || (810000000 + $1::bigint + n)` : `'F:' || $3 || ':' || (2000000000 + $1::bigint + n)`;
    const lines = await tx.query<{ line_id: number }>(
      `INSERT INTO line (line_key) SELECT ${key} FROM generate_series(1, $2::int) n WHERE $3::text IS NOT NULL RETURNING line_id`,
      [firstNumber || base, count, provider.code],
    );
    const ids = lines.map((row) => row.line_id);
    await tx.query(
      `INSERT INTO registration (agency_id, reference, line_id, provider_id, package, valid_from, valid_to, state, confirmed_at, confirmed_by, document_ref, actor_id)
       SELECT (SELECT agency_id FROM agency WHERE code = 'T1'), 'r' || id, id, $2, $3, $4::date, $4::date + 60, 'confirmed', now() - interval '1 day', 'clerk', 'doc', 1
       FROM unnest($1::bigint[]) AS id`,
      [ids, provider.id, access === 'MB' ? 'WAH-MB' : 'WAH-FB', today],
    );
    await new Deriver(() => [provider.id]).derive(
      tx,
      { fresh: ids, known: [] },
      { cause: 'registered', actorId: 1, runId: null, today },
    );
    return ids;
  });
}

/** A second person, who may approve what the first proposed. */
export async function actorCalled(source: DataSource, name: string): Promise<number> {
  const [row] = await query<{ actor_id: number }>(source, 'INSERT INTO actor (name) VALUES ($1) RETURNING actor_id', [
    name,
  ]);
  return row?.actor_id ?? 0;
}

/**
 * Looks at the simulators' books again and again: which lines were held by a provider and then by none. All books are in
 * this process, so one look is one moment.
 */
export function watchLines(hub: TestHub, pollMs = 100): { lost: Set<string>; looks: () => number; stop: () => void } {
  const numbers = new Set<string>();
  const lost = new Set<string>();
  let looks = 0;
  const look = () => {
    looks += 1;
    const held = new Set<string>();
    for (const { provider } of hub.simulator.providers.values()) {
      const { book } = provider.applier;
      for (const ref of book.sortedRefs()) {
        const line = book.get(ref)?.line;
        if (line !== undefined) held.add(line);
      }
    }
    for (const number of numbers) if (!held.has(number)) lost.add(number);
    for (const number of held) numbers.add(number);
  };
  const timer = setInterval(look, pollMs);
  timer.unref();
  return {
    lost,
    looks: () => looks,
    stop: () => {
      clearInterval(timer);
      look();
    },
  };
}

/** Waits until `fact` holds, or throws with `what`, and what `state` tells, after `withinS` seconds. */
export async function until(
  what: string,
  withinS: number,
  fact: () => Promise<boolean>,
  state: () => Promise<unknown> = async () => '',
): Promise<void> {
  const end = Date.now() + withinS * 1000;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${withinS} s ${JSON.stringify(await state())}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * For every line that was moved: the removal at the old provider was handed over after the new one had answered the
 * addition. The first answers are gathered once: looked up line by line this takes longer than the hand-over itself.
 */
export const TOO_EARLY = `
WITH acked AS MATERIALIZED (
  SELECT c.provider_id, c.line_id, min(a.accepted_at) AS at FROM batch a
  JOIN change c ON c.provider_id = a.provider_id AND c.seq BETWEEN a.from_seq AND a.to_seq
  WHERE c.present AND a.state = 'settled' GROUP BY 1, 2),
removed AS MATERIALIZED (
  SELECT c.provider_id, c.line_id, c.seq, b.handed_at FROM batch b
  JOIN change c ON c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq
  WHERE NOT c.present AND b.state <> 'refused')
SELECT count(*) AS looked, count(*) FILTER (WHERE acked.at IS NULL OR r.handed_at < acked.at OR m.ended_at < acked.at) AS early
FROM move m
JOIN entry o ON o.line_id = m.line_id AND o.provider_id = m.from_provider
JOIN removed r ON r.provider_id = m.from_provider AND r.line_id = m.line_id AND r.seq = o.last_seq
LEFT JOIN acked ON acked.provider_id = m.to_provider AND acked.line_id = m.line_id`;

/** Proposed, approved by a second person and started; returns its id. */
export async function handOver(hub: TestHub, from: string[], to: string): Promise<number> {
  const approver = await actorCalled(hub.source, `approver of ${to}`);
  const proposed = await proposeHandOver(hub.source, { from, to, limitS: 3600, reason: 'merger', actorId: 1 });
  const act = { actorId: 1, reason: 'merger' };
  await approveHandOver(hub.source, proposed.handOverId, {
    planHash: proposed.planHash,
    reason: 'as agreed',
    actorId: approver,
  });
  await startHandOver(hub.source, proposed.handOverId, act);
  return proposed.handOverId;
}
