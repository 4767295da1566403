// A reconciliation run: wanted as a row, one comparison, and the drift that it found again, found anew, or no longer finds.
import type { DataSource } from 'typeorm';
import { observationOf, type AdapterRegistry, type Alerts, type SetAsideBook, type Tx } from '#contracts';
import { alone, faultPoint, inTransaction, query } from '#platform';
import { compare, type Compared } from './compare.js';
import { judgeDrift, SEEN_ENOUGH, type Candidate } from './judge-drift.js';
import { compareSnapshot, MOST_DIFFERENCES } from './snapshot/compare-snapshot.js';

/** How a run ended. `notNow`, `cannotTell` and `refused` change nothing: a failed look is never absence. */
export type ReconcileResult = 'equal' | 'differs' | 'restored' | 'notNow' | 'cannotTell' | 'refused';

/** By what a list is compared: digests, or the whole of it. */
export type Means = 'digests' | 'snapshot';

export interface Reconciled {
  result: ReconcileResult;
  detail: string | null;
  drifted: number;
  awaiting: number;
}

/** What a run needs to know besides the database. */
export interface ReconcileParts {
  source: DataSource;
  adapters: Pick<AdapterRegistry, 'get'>;
  alerts: Alerts;
  /** A digest secret by the name in the provider's profile. */
  secret: (name: string) => string | undefined;
  /** The hub's own secret for the list of a provider that shares none. */
  heldSecret: (provider: string) => Buffer;
  /** Keeps what cannot be used where people look for it. */
  setAside: SetAsideBook;
}

/** The advisory lock of a provider's run; `+ provider id`. */
const LOCK = 7_240_300;

/** Asks for a run, by what the profile prefers unless `means` is named. One that waits or runs already is the answer, since it will see the same. */
export async function wantReconciliation(
  source: DataSource,
  providerId: number,
  who: { actorId: number; reason: string },
  means: Means | null = null,
): Promise<number> {
  return inTransaction(source, async (tx) => {
    const [made] = await tx.query<{ run_id: number }>(
      'INSERT INTO reconciliation (provider_id, actor_id, reason, means) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING run_id',
      [providerId, who.actorId, who.reason, means],
    );
    if (made) {
      await tx.query('INSERT INTO audit (actor_id, act, subject, reason) VALUES ($1, $2, $3, $4)', [
        who.actorId,
        'reconciliation.start',
        `reconciliation:${made.run_id}`,
        who.reason,
      ]);
      return made.run_id;
    }
    const [open] = await tx.query<{ run_id: number }>(
      'SELECT run_id FROM reconciliation WHERE provider_id = $1 AND ended_at IS NULL',
      [providerId],
    );
    // It ended in between: then there is room for another.
    return open?.run_id ?? wantReconciliation(source, providerId, who, means);
  });
}

/**
 * Carries out a run that is wanted; `null` when it has ended or another process is at it. A run that a crash left open
 * is simply begun again. What the provider did is in the result; faults of our own are thrown after the run was ended.
 */
export async function runReconciliation(
  parts: ReconcileParts,
  runId: number,
  signal: AbortSignal,
): Promise<Reconciled | null> {
  const { source } = parts;
  const [run] = await query<Run>(
    source,
    `SELECT provider_id AS "providerId", code, means FROM reconciliation JOIN provider USING (provider_id) WHERE run_id = $1 AND ended_at IS NULL`,
    [runId],
  );
  if (!run) return null;
  const reconciled = await alone(source, LOCK + run.providerId, async () => {
    await query(source, 'UPDATE reconciliation SET started_at = now() WHERE run_id = $1', [runId]);
    return carryOut(parts, runId, run, signal);
  });
  return reconciled === 'taken' ? null : reconciled;
}

interface Run {
  providerId: number;
  code: string;
  means: Means | null;
}

async function carryOut(parts: ReconcileParts, runId: number, run: Run, signal: AbortSignal): Promise<Reconciled> {
  const { source } = parts;
  const { providerId } = run;
  let compared: Compared;
  try {
    compared = await look(parts, { ...run, runId }, signal);
  } catch (error) {
    await inTransaction(source, (tx) =>
      end(tx, runId, nothingSeen(''), {
        result: 'cannotTell',
        detail: 'the hub itself failed; its log says how',
        drifted: 0,
        awaiting: 0,
      }),
    );
    throw error;
  }
  await faultPoint('reconcile.compared');
  const reconciled = await inTransaction(source, (tx) => record(tx, providerId, runId, compared));
  await faultPoint('reconcile.recorded');
  await tell(parts, providerId, reconciled);
  await tellRefusals(parts, providerId, compared);
  return reconciled;
}

/** Looks by what was asked for, or by what the profile prefers: digests cost what differs, a whole list costs all of it. */
async function look(parts: ReconcileParts, run: Run & { runId: number }, signal: AbortSignal): Promise<Compared> {
  const { source, adapters, secret } = parts;
  const { observer, snapshots, profile } = adapters.get(run.code);
  const { snapshot } = observationOf(profile);
  const name = profile.secrets.digest ?? null;
  const value = name === null ? undefined : secret(name);
  const means = run.means ?? (observer ? 'digests' : 'snapshot');
  if (means === 'snapshot') {
    if (!snapshots || !snapshot)
      return nothingSeen('its profile offers no list of what it holds; set observe in the profile');
    const key = value === undefined ? parts.heldSecret(run.code) : Buffer.from(value);
    return compareSnapshot({ source, observer: snapshots, form: snapshot, secret: key }, run, signal);
  }
  if (!observer) return nothingSeen('its profile offers no digests; set secrets.digest when the provider serves them');
  if (value === undefined)
    return nothingSeen('its digest secret is not in the vault; put it there under the name in secrets.digest');
  return compare(source, run.providerId, observer, Buffer.from(value), signal);
}

function nothingSeen(detail: string): Compared {
  const seen = { asOfSeq: null, heldHere: null, heldThere: null, roundTrips: 0, bytes: 0, refusals: [] };
  return { ...seen, result: 'cannotTell', detail };
}

interface Found {
  ref: string;
  seq: number;
  kind: string;
  cause: string;
  observed: Buffer | null;
}

function sorted(candidates: Candidate[], restored: boolean): { found: Found[]; awaiting: number } {
  const found: Found[] = [];
  let awaiting = 0;
  for (const candidate of candidates) {
    const judged = judgeDrift(candidate, restored);
    if (judged.verdict === 'awaiting') awaiting += 1;
    if (judged.verdict === 'drift') {
      const { kind, cause } = judged;
      found.push({ ref: candidate.ref, seq: candidate.entry?.seq ?? 0, kind, cause, observed: candidate.theirs });
    }
  }
  return { found, awaiting };
}

// Something of the provider is on its way: then its applied seq may be behind for no other reason.
const UNDER_WAY = `
SELECT EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = $1 AND b.state IN ('sealed', 'handed', 'accepted'))
  OR EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = $1)
  OR (SELECT c.last_seq > s.sealed_seq FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.provider_id = $1)
  OR EXISTS (SELECT 1 FROM reconciliation r WHERE r.provider_id = $1 AND r.forward_to IS NOT NULL AND r.forward_ended_at IS NULL) AS busy,
  (SELECT last_seq FROM provider_counter WHERE provider_id = $1) AS "lastSeq"`;

async function record(tx: Tx, providerId: number, runId: number, compared: Compared): Promise<Reconciled> {
  if (compared.result !== 'compared') {
    return end(tx, runId, compared, { result: compared.result, detail: compared.detail, drifted: 0, awaiting: 0 });
  }
  const { found, awaiting } = sorted(compared.candidates, compared.restored);
  const counts = { drifted: found.length, awaiting };
  if (compared.restored) {
    const [state] = await tx.query<{ busy: boolean; lastSeq: number }>(UNDER_WAY, [providerId]);
    if (state?.busy) {
      const detail = 'it says that it applied less than it acknowledged; judged when nothing is under way to it';
      return end(tx, runId, compared, { result: 'notNow', detail, drifted: 0, awaiting: 0 });
    }
    await remember(tx, providerId, runId, found);
    await tx.query('UPDATE reconciliation SET forward_to = $2 WHERE run_id = $1', [runId, state?.lastSeq ?? 0]);
    const detail = `it says that it applied up to change ${compared.asOfSeq}, and acknowledged more: it lost data or put a backup back; what changed since is said again`;
    return end(tx, runId, compared, { result: 'restored', detail, ...counts });
  }
  await remember(tx, providerId, runId, found);
  const many = compared.candidates.length >= MOST_DIFFERENCES;
  const detail = many ? `more than ${MOST_DIFFERENCES} differ; these are the first` : null;
  return end(tx, runId, compared, { result: found.length > 0 ? 'differs' : 'equal', detail, ...counts });
}

// The same difference of the same change was seen once more; anything else about the entry begins anew.
const SAME = '(d.seq, d.kind) = (excluded.seq, excluded.kind) AND d.observed IS NOT DISTINCT FROM excluded.observed';
const FOUND = `
INSERT INTO drift AS d (provider_id, ref, seq, kind, cause, observed, first_run, last_run)
SELECT $1, f.ref, f.seq, f.kind, f.cause, f.observed, $2, $2
FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[]) AS f(ref, seq, kind, cause, observed)
ON CONFLICT (provider_id, ref) DO UPDATE SET seen = CASE WHEN ${SAME} THEN d.seen + 1 ELSE 1 END,
  first_run = CASE WHEN ${SAME} THEN d.first_run ELSE excluded.first_run END,
  seq = excluded.seq, kind = excluded.kind, cause = excluded.cause, observed = excluded.observed, last_run = excluded.last_run`;

async function remember(tx: Tx, providerId: number, runId: number, found: Found[]): Promise<void> {
  if (found.length > 0) {
    await tx.query(FOUND, [
      providerId,
      runId,
      found.map((one) => one.ref),
      found.map((one) => one.seq),
      found.map((one) => one.kind),
      found.map((one) => one.cause),
      found.map((one) => one.observed),
    ]);
  }
  await tx.query('DELETE FROM drift WHERE provider_id = $1 AND last_run <> $2', [providerId, runId]);
}

const END = `
UPDATE reconciliation SET result = $2, detail = $3, as_of_seq = $4, held_here = $5, held_there = $6, awaiting = $7, drifted = $8,
  round_trips = $9, bytes = $10, ended_at = now() WHERE run_id = $1`;

async function end(tx: Tx, runId: number, seen: Compared, reconciled: Reconciled): Promise<Reconciled> {
  await tx.query(END, [
    runId,
    reconciled.result,
    reconciled.detail,
    seen.asOfSeq,
    seen.heldHere,
    seen.heldThere,
    reconciled.awaiting,
    reconciled.drifted,
    seen.roundTrips,
    seen.bytes,
  ]);
  return reconciled;
}

/** What holds long enough becomes an alert; what is equal again ends it. */
async function tell(
  { source, alerts }: ReconcileParts,
  providerId: number,
  { result, detail }: Reconciled,
): Promise<void> {
  const differs = { kind: 'listDiffers', providerId, subject: 'list' } as const;
  const lost = { kind: 'dataLost', providerId, subject: 'list' } as const;
  if (result === 'restored') await alerts.raise({ ...lost, text: detail ?? 'it lost data' });
  if (result === 'equal') await alerts.clear(lost);
  if (result !== 'equal' && result !== 'differs') return;
  const [row] = await query<{ count: number }>(
    source,
    `SELECT count(*) AS count FROM drift WHERE provider_id = $1 AND seen >= ${SEEN_ENOUGH}`,
    [providerId],
  );
  if (row && row.count > 0)
    await alerts.raise({ ...differs, text: `${row.count} entries differ from what the provider acknowledged` });
  else await alerts.clear(differs);
}

/** A list that was refused is seen by people: as an alert until one is used, and among what is set aside. */
async function tellRefusals(
  { alerts, setAside }: ReconcileParts,
  providerId: number,
  compared: Compared,
): Promise<void> {
  const about = { kind: 'snapshotRefused', providerId, subject: 'list' } as const;
  const words = compared.refusals.map((one) => (one.file === null ? one.detail : `${one.file}: ${one.detail}`));
  if (compared.result === 'refused' && words.length === 0) words.push(compared.detail);
  for (const detail of words) await setAside.note(providerId, { reason: 'snapshot', number: null, detail, items: 1 });
  const [text] = words.slice(-1);
  if (compared.result === 'compared' && compared.heldThere !== null) await alerts.clear(about);
  else if (text !== undefined) await alerts.raise({ ...about, text });
  if (compared.result === 'compared') await alerts.clear({ ...about, kind: 'snapshotMissing' });
}
