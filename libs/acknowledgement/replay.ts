// Replays: open exceptions frozen as a preview, then their entries' current state appended in chunks, with progress.
import type { DataSource } from 'typeorm';
import { Problem, type Appender, type ExceptionKind, type Tx } from '#contracts';
import { faultPoint, inTransaction, query } from '#platform';

/** Entries in one transaction: single registrations beside it stay quick, and stopping works within moments. */
const CHUNK = 2000;

export interface ReplayFilter {
  kind?: ExceptionKind;
  code?: string;
}

export interface ReplayRow {
  replayId: number;
  provider: string;
  kind: ExceptionKind | null;
  code: string | null;
  state: 'previewed' | 'running' | 'stopped' | 'completed' | 'withdrawn';
  /** Exceptions that it holds, frozen when it was previewed. */
  lines: number;
  appended: number;
  /** Batches with uncertain lines that the provider is asked about before anything is sent. */
  asks: number;
  /** Open holds that fit the filter and are left alone: whoever holds them releases them. */
  held: number;
  /** Whose entry had changed by itself in between: left alone. */
  superseded: number;
  reason: string | null;
  createdBy: string;
  startedBy: string | null;
  createdAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
}

interface Who {
  actorId: number;
  reason: string;
}

// A hold is released by whoever holds it, so it is no replay's business. One row a change: the newest batch's exception.
const FREEZE = `
INSERT INTO replay_item (replay_id, seq, number, entry_ref, kind, code)
SELECT DISTINCT ON (x.seq) $2::int, x.seq, x.number, x.entry_ref, x.kind, x.code
FROM exception x JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
WHERE x.provider_id = $1 AND x.ended_at IS NULL AND x.kind <> 'held'
  AND ($3::text IS NULL OR x.kind = $3) AND ($4::text IS NULL OR x.code = $4)
ORDER BY x.seq, x.number DESC`;

const COUNT = `
UPDATE replay r SET lines = (SELECT count(*) FROM replay_item i WHERE i.replay_id = $1),
  asks = (SELECT count(DISTINCT number) FROM replay_item i WHERE i.replay_id = $1 AND i.kind = 'uncertain' AND i.number > 0),
  held = CASE WHEN $2::text IS NULL THEN (SELECT count(*) FROM exception x
    JOIN entry e ON e.provider_id = x.provider_id AND e.entry_ref = x.entry_ref AND e.last_seq = x.seq
    WHERE x.provider_id = r.provider_id AND x.ended_at IS NULL AND x.kind = 'held') ELSE 0 END
WHERE replay_id = $1 RETURNING lines`;

/** Freezes what a replay would send. Throws Problem 409 when there is nothing. */
export async function previewReplay(
  source: DataSource,
  providerId: number,
  { kind, code }: ReplayFilter,
  actorId: number,
): Promise<number> {
  return inTransaction(source, async (tx) => {
    const [made] = await tx.query<{ replay_id: number }>(
      `INSERT INTO replay (provider_id, kind, code, state, lines, actor_id) VALUES ($1, $2, $3, 'previewed', 0, $4) RETURNING replay_id`,
      [providerId, kind ?? null, code ?? null, actorId],
    );
    const replayId = made?.replay_id ?? 0;
    await tx.query(FREEZE, [providerId, replayId, kind ?? null, code ?? null]);
    const [counted] = await tx.query<{ lines: number }>(COUNT, [replayId, kind ?? null]);
    if (!counted || counted.lines === 0) {
      throw new Problem(
        409,
        'nothing-to-replay',
        'There is nothing to replay',
        'No open exception fits the filter. Holds are not replayed: whoever holds them releases them.',
      );
    }
    return replayId;
  });
}

/** Sets a previewed or stopped replay going; the worker's sweep carries it out. Throws Problem 404 or 409. */
export async function startReplay(source: DataSource, replayId: number, who: Who): Promise<void> {
  await turn(
    source,
    replayId,
    ['previewed', 'stopped'],
    'replay.start',
    who,
    `state = 'running', reason = $2,
    started_by = $3, started_at = coalesce(started_at, now()), ended_at = NULL`,
  );
}

/** Stops it after the chunk that is under way; what was appended stays. Throws Problem 404 or 409. */
export async function stopReplay(source: DataSource, replayId: number, who: Who): Promise<void> {
  await turn(source, replayId, ['running'], 'replay.stop', who, `state = 'stopped'`);
}

/** Takes a preview back. Throws Problem 404 or 409. */
export async function withdrawReplay(source: DataSource, replayId: number, who: Who): Promise<void> {
  await turn(
    source,
    replayId,
    ['previewed', 'stopped'],
    'replay.withdraw',
    who,
    `state = 'withdrawn', ended_at = now()`,
  );
}

async function turn(
  source: DataSource,
  replayId: number,
  from: ReplayRow['state'][],
  act: string,
  { actorId, reason }: Who,
  set: string,
): Promise<void> {
  await inTransaction(source, async (tx) => {
    const [row] = await tx.query<{ state: ReplayRow['state'] }>(
      'SELECT state FROM replay WHERE replay_id = $1 FOR UPDATE',
      [replayId],
    );
    if (!row) throw new Problem(404, 'unknown-replay', 'Unknown replay', 'No replay has this number.');
    if (!from.includes(row.state)) {
      throw new Problem(409, 'replay-not-there', 'Not in this state', `Replay ${replayId} is ${row.state}.`);
    }
    await tx.query(
      `UPDATE replay SET ${set} WHERE replay_id = $1`,
      set.includes('$2') ? [replayId, reason, actorId] : [replayId],
    );
    await tx.query('INSERT INTO audit (actor_id, act, subject, reason) VALUES ($1, $2, $3, $4)', [
      actorId,
      act,
      `replay:${replayId}`,
      reason,
    ]);
  });
}

/** Asks the provider about one of its batches and records what it says. */
export type AskAboutBatch = (number: number) => Promise<unknown>;

// Uncertain means that the provider may have applied it: it is asked first. A crash asks again, which changes nothing.
const TO_ASK = `
SELECT r.replay_id, (SELECT min(i.number) FROM replay_item i WHERE i.replay_id = r.replay_id AND i.kind = 'uncertain'
  AND i.done IS NULL AND i.number > r.asked_to) AS number
FROM replay r WHERE r.provider_id = $1 AND r.state = 'running' ORDER BY r.replay_id LIMIT 1`;

async function askFirst(source: DataSource, providerId: number, ask: AskAboutBatch): Promise<void> {
  for (;;) {
    const [next] = await query<{ replay_id: number; number: number | null }>(source, TO_ASK, [providerId]);
    if (!next || next.number === null) return;
    await ask(next.number);
    await query(source, 'UPDATE replay SET asked_to = $2 WHERE replay_id = $1', [next.replay_id, next.number]);
  }
}

/**
 * Carries out what runs at a provider, chunk by chunk; a crash only delays it. Of uncertain lines the provider is asked
 * first, and those that it answers are not sent again. Returns how many changes were appended.
 */
export async function carryReplays(
  source: DataSource,
  appender: Appender,
  providerId: number,
  ask: AskAboutBatch,
): Promise<number> {
  let appended = 0;
  for (;;) {
    await askFirst(source, providerId, ask);
    const done = await inTransaction(source, (tx) => carryChunk(tx, appender, providerId));
    if (done === null) return appended;
    appended += done;
    await faultPoint('acknowledgement.replayed');
  }
}

const NEXT = `SELECT replay_id, started_by FROM replay WHERE provider_id = $1 AND state = 'running' ORDER BY replay_id LIMIT 1 FOR UPDATE`;

// As in retries: ended only together with what was appended for it.
const END_EXCEPTIONS = `
UPDATE exception SET ended_at = now(), end_reason = CASE WHEN entry_ref = ANY($3::uuid[]) THEN 'replayed' ELSE 'superseded' END
WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND ended_at IS NULL`;

async function carryChunk(tx: Tx, appender: Appender, providerId: number): Promise<number | null> {
  const [running] = await tx.query<{ replay_id: number; started_by: number }>(NEXT, [providerId]);
  if (!running) return null;
  const items = await tx.query<{ seq: number; entry_ref: string }>(
    `SELECT seq, entry_ref FROM replay_item WHERE replay_id = $1 AND done IS NULL ORDER BY seq LIMIT ${CHUNK}`,
    [running.replay_id],
  );
  if (items.length === 0) {
    await tx.query(`UPDATE replay SET state = 'completed', ended_at = now() WHERE replay_id = $1`, [running.replay_id]);
    return 0;
  }
  const seqs = items.map((item) => item.seq);
  // What was answered since is no exception any more, and needs no second time.
  const open = await tx.query<{ seq: number }>(
    'SELECT DISTINCT seq FROM exception WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND ended_at IS NULL',
    [providerId, seqs],
  );
  const still = new Set(open.map((row) => row.seq));
  const wanted = items.filter((item) => still.has(item.seq));
  const { appended } = await appender.appendCurrent(
    tx,
    providerId,
    wanted.map((item) => ({ entryRef: item.entry_ref, onlyIfSeq: item.seq })),
    { cause: 'replayed', actorId: running.started_by },
  );
  await tx.query(END_EXCEPTIONS, [providerId, wanted.map((item) => item.seq), appended]);
  await tx.query(
    `UPDATE replay_item SET done = CASE WHEN entry_ref = ANY($3::uuid[]) THEN 'appended' ELSE 'superseded' END
     WHERE replay_id = $1 AND seq = ANY($2::bigint[])`,
    [running.replay_id, seqs, appended],
  );
  await tx.query('UPDATE replay SET appended = appended + $2, superseded = superseded + $3 WHERE replay_id = $1', [
    running.replay_id,
    appended.length,
    items.length - appended.length,
  ]);
  return appended.length;
}

/** Newest first. */
export function listReplays(
  source: DataSource,
  filter: { providerId?: number; replayId?: number; before?: number; limit: number },
): Promise<ReplayRow[]> {
  return query<ReplayRow>(
    source,
    `SELECT r.replay_id AS "replayId", p.code AS provider, r.kind, r.code, r.state, r.lines, r.asks, r.held, r.appended, r.superseded, r.reason,
       a.name AS "createdBy", s.name AS "startedBy", r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt"
     FROM replay r JOIN provider p USING (provider_id) JOIN actor a ON a.actor_id = r.actor_id LEFT JOIN actor s ON s.actor_id = r.started_by
     WHERE ($1::smallint IS NULL OR r.provider_id = $1) AND ($2::int IS NULL OR r.replay_id = $2) AND ($3::int IS NULL OR r.replay_id < $3)
     ORDER BY r.replay_id DESC LIMIT $4`,
    [filter.providerId ?? null, filter.replayId ?? null, filter.before ?? null, filter.limit],
  );
}

export interface ReplayGroup {
  kind: ExceptionKind;
  code: string | null;
  lines: number;
  appended: number;
  superseded: number;
}

/** What a replay holds, by cause. */
export function groupReplay(source: DataSource, replayId: number): Promise<ReplayGroup[]> {
  return query<ReplayGroup>(
    source,
    `SELECT kind, code, count(*) AS lines, count(*) FILTER (WHERE done = 'appended') AS appended,
       count(*) FILTER (WHERE done = 'superseded') AS superseded
     FROM replay_item WHERE replay_id = $1 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
    [replayId],
  );
}

export interface ReplayItem {
  seq: number;
  lineId: number;
  kind: ExceptionKind;
  code: string | null;
  done: 'appended' | 'superseded' | null;
}

/** Line by line, in the order of the log, after the cursor. */
export function listReplayItems(
  source: DataSource,
  replayId: number,
  after: number,
  limit: number,
): Promise<ReplayItem[]> {
  return query<ReplayItem>(
    source,
    `SELECT i.seq, e.line_id AS "lineId", i.kind, i.code, i.done FROM replay_item i JOIN replay r USING (replay_id)
     JOIN entry e ON e.provider_id = r.provider_id AND e.entry_ref = i.entry_ref
     WHERE i.replay_id = $1 AND i.seq > $2 ORDER BY i.seq LIMIT $3`,
    [replayId, after, limit],
  );
}
