// One comparison by whole list: read as a stream, held to what it says of itself, met set-wise with what was acknowledged.
import type { DataSource } from 'typeorm';
import type { SnapshotForm, SnapshotHead, SnapshotObserver, SnapshotRead, SnapshotReader } from '#contracts';
import { inTransaction, query } from '#platform';
import { acknowledgedSeq, standingsOf, type Compared, type Seen } from '../compare.js';
import { foldHeld } from '../held.js';
import type { Candidate } from '../judge-drift.js';
import { ItemMaker } from './item-maker.js';
import { judgeHead, type KnownHere } from './judge-snapshot.js';
import { Stage, TooManyStrays } from './stage.js';

/** Differences that are looked at in one comparison, so that memory stays bounded; the rest shows in the next one. */
export const MOST_DIFFERENCES = 100_000;
/** Entries whose standing is asked for at once. */
const STANDINGS_AT_ONCE = 5_000;

export interface SnapshotParts {
  source: DataSource;
  observer: SnapshotObserver;
  form: SnapshotForm;
  /** What items are made with: the digest secret, or one of the hub's own. */
  secret: Buffer;
}

/** Compares once. Reads only, besides the folding, the stage, and the row about the list. */
export async function compareSnapshot(
  parts: SnapshotParts,
  run: { runId: number; providerId: number; code: string },
  signal: AbortSignal,
): Promise<Compared> {
  const { source, observer, form, secret } = parts;
  const { runId, providerId, code } = run;
  const seen: Seen = { asOfSeq: null, heldHere: null, heldThere: null, roundTrips: 0, bytes: 0, refusals: [] };
  await foldHeld(source, providerId, secret, Number.MAX_SAFE_INTEGER);
  const known = await knownHere(source, form, { request: String(runId), providerId, code });
  seen.heldHere = known.acknowledgedLines;
  const stage = new Stage(source, providerId, new ItemMaker(secret, code));
  let head: SnapshotHead | null = null;
  let restored = false;
  const reader: SnapshotReader = {
    async begin(said) {
      const verdict = judgeHead(said, await toSeqOf(source, providerId, said.batch), known);
      if (verdict.verdict === 'refused') return verdict.why;
      head = said;
      restored = verdict.restored;
      seen.asOfSeq = verdict.asOfSeq;
      seen.heldThere = said.count;
      await stage.begin();
      return null;
    },
    take: (lines) => stage.take(lines),
  };
  try {
    const read = await ended(observer, String(runId), reader, signal);
    Object.assign(seen, { bytes: read.bytes, roundTrips: read.roundTrips, refusals: read.refusals });
    for (const { file, detail } of read.refusals)
      await note(source, run, 0, null, null, file ? `${file}: ${detail}` : detail);
    if (read.read === 'moved' || read.read === 'notThere') return { ...seen, result: 'notNow', detail: read.detail };
    if (read.read === 'failed') return { ...seen, result: 'cannotTell', detail: read.detail };
    if (read.read === 'refused') {
      if (read.refusals.length === 0) await note(source, run, read.bytes, head, null, read.detail);
      return { ...seen, result: 'refused', detail: read.detail };
    }
    await stage.end();
    const wrong = await wrongWith(source, providerId, stage, read.sha256);
    await read.settle(wrong);
    const about = { asOfSeq: seen.asOfSeq, sha256: read.sha256 };
    await note(source, run, read.bytes, head, about, wrong);
    if (wrong !== null) return { ...seen, result: 'refused', detail: wrong };
    const candidates = await differences(source, providerId, stage, seen.asOfSeq ?? 0, restored);
    return { ...seen, result: 'compared', restored, candidates };
  } finally {
    await stage.drop();
  }
}

/** A list that names what was never sent by the thousand is refused like any other fault of it. */
async function ended(
  observer: SnapshotObserver,
  request: string,
  reader: SnapshotReader,
  signal: AbortSignal,
): Promise<SnapshotRead> {
  try {
    return await observer.read(request, reader, signal);
  } catch (error) {
    if (!(error instanceof TooManyStrays)) throw error;
    return { read: 'refused', detail: error.message, bytes: 0, roundTrips: 1, refusals: [] };
  }
}

const KNOWN = `
SELECT (SELECT count(*) FROM held WHERE provider_id = $1 AND present) AS "acknowledgedLines",
  coalesce((SELECT max(number) FROM batch WHERE provider_id = $1), 0) AS "sealedBatch",
  coalesce((SELECT max(to_seq) FROM batch WHERE provider_id = $1), 0) AS "sealedSeq",
  (SELECT json_build_object('asOfSeq', as_of_seq, 'takenAt', taken_at) FROM snapshot
   WHERE provider_id = $1 AND state = 'used' ORDER BY snapshot_id DESC LIMIT 1) AS "lastUsed"`;

async function knownHere(
  source: DataSource,
  { by, leastPercent }: SnapshotForm,
  { request, providerId, code }: { request: string; providerId: number; code: string },
): Promise<KnownHere> {
  const [row] = await query<
    Pick<KnownHere, 'acknowledgedLines' | 'sealedBatch' | 'sealedSeq'> & {
      lastUsed: { asOfSeq: number; takenAt: string | null } | null;
    }
  >(source, KNOWN, [providerId]);
  if (!row) throw new Error('a statement without a table always has a row');
  const { lastUsed, ...counts } = row;
  return {
    ...counts,
    provider: code,
    request,
    by,
    leastPercent,
    acknowledgedSeq: await acknowledgedSeq(source, providerId),
    lastUsed: lastUsed && { asOfSeq: lastUsed.asOfSeq, takenAt: lastUsed.takenAt ? new Date(lastUsed.takenAt) : null },
    now: new Date(),
  };
}

/** The position that a batch ends with; 0 for none, null when there is no such batch. */
async function toSeqOf(source: DataSource, providerId: number, number: number): Promise<number | null> {
  if (number === 0) return 0;
  const [row] = await query<{ toSeq: number }>(
    source,
    'SELECT to_seq AS "toSeq" FROM batch WHERE provider_id = $1 AND number = $2',
    [providerId, number],
  );
  return row?.toSeq ?? null;
}

/** What only the whole of a list shows: an entry named twice, or a list that was used before. */
async function wrongWith(
  source: DataSource,
  providerId: number,
  stage: Stage,
  sha256: string | null,
): Promise<string | null> {
  if (new Set(stage.strays.map((one) => one.ref)).size < stage.strays.length) return 'it names an entry twice';
  const [twice] = await query(source, `SELECT 1 FROM ${stage.table} GROUP BY ref HAVING count(*) > 1 LIMIT 1`);
  if (twice) return 'it names an entry twice';
  const [line] = await query(
    source,
    `SELECT 1 FROM ${stage.table} GROUP BY item_high, item_low HAVING count(*) > 1 LIMIT 1`,
  );
  if (line) return 'it names the same line under two refs';
  if (sha256 === null) return null;
  const [before] = await query<{ at: Date }>(
    source,
    `SELECT at FROM snapshot WHERE provider_id = $1 AND sha256 = $2 AND state = 'used' LIMIT 1`,
    [providerId, Buffer.from(sha256, 'hex')],
  );
  return before ? `it is the list of ${before.at.toISOString().slice(0, 16)}Z again, byte for byte` : null;
}

// $2: the list's position. What was acknowledged after it is newer than the list, unless the provider lost it.
const differing = (table: string): string => `
SELECT coalesce(o.ref, s.ref)::text AS ref, o.item AS ours, s.item AS theirs
FROM (SELECT e.entry_ref AS ref, h.item_high, h.item_low, int8send(h.item_high) || int8send(h.item_low) AS item
  FROM held h JOIN entry e USING (provider_id, line_id) WHERE h.provider_id = $1 AND e.provider_id = $1 AND h.present) o
FULL JOIN (SELECT ref, item_high, item_low, int8send(item_high) || int8send(item_low) AS item FROM ${table}) s ON s.ref = o.ref
WHERE o.item_high IS DISTINCT FROM s.item_high OR o.item_low IS DISTINCT FROM s.item_low
LIMIT ${MOST_DIFFERENCES}`;

async function differences(
  source: DataSource,
  providerId: number,
  stage: Stage,
  asOfSeq: number,
  restored: boolean,
): Promise<Candidate[]> {
  const rows = await inTransaction(source, async (tx) => {
    // Sorting and hashing millions of rows in 4 MB would go over the disk many times.
    await tx.query(`SET LOCAL work_mem = '64MB'`);
    return tx.query<{ ref: string; ours: Buffer | null; theirs: Buffer | null }>(differing(stage.table), [providerId]);
  });
  const upTo = restored ? Number.MAX_SAFE_INTEGER : asOfSeq;
  const candidates: Candidate[] = [];
  for (let i = 0; i < rows.length; i += STANDINGS_AT_ONCE) {
    const some = rows.slice(i, i + STANDINGS_AT_ONCE);
    const standings = await standingsOf(
      source,
      providerId,
      some.map((row) => row.ref),
      upTo,
    );
    for (const row of some) candidates.push({ ...row, entry: standings.get(row.ref) ?? null });
  }
  for (const { ref, item } of stage.strays) candidates.push({ ref, ours: null, theirs: item, entry: null });
  return candidates;
}

async function note(
  source: DataSource,
  { runId, providerId }: { runId: number; providerId: number },
  bytes: number,
  head: SnapshotHead | null,
  used: { asOfSeq: number | null; sha256: string | null } | null,
  refused: string | null,
): Promise<void> {
  await query(
    source,
    `INSERT INTO snapshot (provider_id, run_id, as_of_batch, as_of_seq, lines, taken_at, sha256, bytes, state, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      providerId,
      runId,
      head?.batch ?? null,
      used?.asOfSeq ?? null,
      head?.count ?? null,
      head?.takenAt ?? null,
      used?.sha256 ? Buffer.from(used.sha256, 'hex') : null,
      bytes,
      refused === null ? 'used' : 'refused',
      refused,
    ],
  );
}
