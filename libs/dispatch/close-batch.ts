// Ending batches that did not arrive: closed (append again what is still latest) or refused (halves come next).
import type { DataSource } from 'typeorm';
import {
  ENDED_STATES,
  type Appender,
  type BatchState,
  type IncomingAnswer,
  type OutcomeRecorder,
  type ResultCode,
  type Tx,
} from '#contracts';
import { HUB_ACTOR_ID, inTransaction, noteSetAside, query } from '#platform';
import { assertFence, type Lease } from './lease.js';
import { pauseProvider } from './pause.js';
import { halve, MOST_OFFENDERS } from './rules/halves.js';

// Lines that were sent and have no outcome: nothing was heard of the batch as a whole, and no bit and no exception of theirs.
const SILENT_LINES = `
SELECT entry_ref, seq FROM (
  SELECT entry_ref, seq, row_number() OVER (ORDER BY seq) AS n FROM change c
  WHERE c.provider_id = $1 AND c.seq BETWEEN $3 AND $4 AND NOT c.seq = ANY($5::bigint[])
) line WHERE NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = line.seq)
  AND NOT EXISTS (SELECT 1 FROM outcome_bits o WHERE o.provider_id = $1 AND o.number = $2 AND o.block = (n - 1) / 8192
    AND (get_bit(o.applied, ((n - 1) % 8192)::bigint) = 1 OR get_bit(o.already, ((n - 1) % 8192)::bigint) = 1))`;

interface RangeRow {
  kind: 'delta' | 'full';
  from_seq: number;
  to_seq: number;
  collapsed: number[];
  omitted: number[];
  said: string | null;
  line_count: number;
  root: number | null;
  sync_id: number | null;
  state: BatchState;
  heard: number;
}

const RANGE_UNLOCKED = `
  SELECT kind, from_seq, to_seq, collapsed, omitted, said, line_count, root, sync_id, state, heard
  FROM batch WHERE provider_id = $1 AND number = $2`;
const RANGE = `${RANGE_UNLOCKED} FOR UPDATE`;

/**
 * The provider never got this batch, and its number may not be used again: it is closed, and of its lines that have no
 * outcome the current state is appended, unless something newer stands in the log already.
 * @param sync what becomes of the sync that wanted this full list
 */
export async function closeBatch(
  source: DataSource,
  appender: Appender,
  lease: Pick<Lease, 'providerId' | 'fence'>,
  number: number,
  reason: string,
  sync: 'again' | 'failed',
): Promise<void> {
  const { providerId } = lease;
  await inTransaction(source, async (tx) => {
    await assertFence(tx, lease);
    // Entries are locked before batches everywhere: the candidates are appended first, the batch is locked and looked
    // at afterwards, and an answer that came in between makes all of this void.
    const [batch] = await tx.query<RangeRow>(RANGE_UNLOCKED, [providerId, number]);
    if (!batch) return;
    if (batch.kind === 'delta') {
      const lines = await tx.query<{ entry_ref: string; seq: number }>(SILENT_LINES, [
        providerId,
        number,
        batch.from_seq,
        batch.to_seq,
        [...batch.collapsed, ...batch.omitted],
      ]);
      await appender.appendCurrent(
        tx,
        providerId,
        lines.map((line) => ({ entryRef: line.entry_ref, onlyIfSeq: line.seq })),
        { cause: 'retried', actorId: HUB_ACTOR_ID },
      );
    }
    // A full list that got lost is wanted again. What was new in its range travels by itself, whatever becomes of the sync.
    if (batch.kind === 'full') {
      const entries = await tx.query<{ entry_ref: string; seq: number }>(
        'SELECT entry_ref, last_seq AS seq FROM entry WHERE provider_id = $1 AND last_seq BETWEEN $2 AND $3',
        [providerId, batch.from_seq, batch.to_seq],
      );
      await appender.appendCurrent(
        tx,
        providerId,
        entries.map((entry) => ({ entryRef: entry.entry_ref, onlyIfSeq: entry.seq })),
        { cause: 'retried', actorId: HUB_ACTOR_ID },
      );
      const end = sync === 'again' ? `number = NULL, state = 'waiting'` : `state = 'failed', ended_at = now()`;
      await tx.query(`UPDATE sync_provider SET ${end} WHERE provider_id = $1 AND sync_id = $2 AND ended_at IS NULL`, [
        providerId,
        batch.sync_id,
      ]);
    }
    const [locked] = await tx.query<RangeRow>(RANGE, [providerId, number]);
    if (!locked || locked.heard > 0 || ENDED_STATES.includes(locked.state)) throw new AnsweredMeanwhile();
    await tx.query(
      `UPDATE batch SET state = 'closed', state_reason = $3, ended_at = now() WHERE provider_id = $1 AND number = $2`,
      [providerId, number, reason],
    );
  }).catch((error: unknown) => {
    if (!(error instanceof AnsweredMeanwhile)) throw error;
  });
}

/** An outcome was heard between the question and its recording: the batch did arrive. */
class AnsweredMeanwhile extends Error {}

/** `nothingInIt`: a proof of life was refused; the next day has its own. */
export type Refusal = 'halved' | 'lineRejected' | 'tooMany' | 'nothingInIt';

/**
 * The provider refused the batch as a whole: its halves are sealed next, or, alone, its only line is rejected.
 * @param also what is recorded in the same transaction (the attempt's end)
 */
export async function refuseBatch(
  source: DataSource,
  recorder: OutcomeRecorder,
  providerId: number,
  number: number,
  code: ResultCode,
  detail: string,
  also: (tx: Tx) => Promise<void>,
): Promise<Refusal> {
  const [batch] = await query<RangeRow>(source, RANGE_UNLOCKED, [providerId, number]);
  if (!batch) throw new Error(`batch ${number} of provider ${providerId} is not there`);
  if (batch.kind === 'full') {
    await inTransaction(source, also);
    return 'tooMany';
  }
  if (batch.line_count === 0) {
    await inTransaction(source, async (tx) => {
      await tx.query(
        `UPDATE batch SET state = 'refused', state_reason = $3, ended_at = now()
         WHERE provider_id = $1 AND number = $2 AND state IN ('handed', 'accepted')`,
        [providerId, number, `${code}: ${detail}`],
      );
      await also(tx);
    });
    return 'nothingInIt';
  }
  if (batch.line_count === 1) {
    await recorder.refuseLine(providerId, number, code);
    await inTransaction(source, also);
    return (await offenders(source, providerId, batch.root ?? number)) > MOST_OFFENDERS ? 'tooMany' : 'lineRejected';
  }
  await inTransaction(source, async (tx) => {
    const left = [...batch.collapsed, ...batch.omitted];
    const lines = await tx.query<{ seq: number }>(
      'SELECT seq FROM change WHERE provider_id = $1 AND seq BETWEEN $2 AND $3 AND NOT seq = ANY($4::bigint[]) ORDER BY seq',
      [providerId, batch.from_seq, batch.to_seq, left],
    );
    const halves = halve(
      { fromSeq: batch.from_seq, toSeq: batch.to_seq },
      lines.map((line) => line.seq),
    );
    const ended = await tx.query(
      `UPDATE batch SET state = 'refused', state_reason = $3, ended_at = now()
       WHERE provider_id = $1 AND number = $2 AND state IN ('handed', 'accepted') AND heard = 0 RETURNING number`,
      [providerId, number, `${code}: ${detail}`],
    );
    await also(tx);
    if (ended.length === 0) {
      await noteSetAside(tx, providerId, {
        reason: 'contradictsReceipt',
        number,
        detail: 'refused as a whole, after outcomes of its lines were heard',
        items: 1,
      });
      return;
    }
    // What was left out here is looked at afresh by the halves.
    await tx.query(
      'UPDATE omission SET ended_at = now() WHERE provider_id = $1 AND seq = ANY($2::bigint[]) AND ended_at IS NULL',
      [providerId, batch.omitted],
    );
    for (const half of halves) {
      await tx.query(
        'INSERT INTO refused_range (provider_id, from_seq, to_seq, halves_of, root) VALUES ($1, $2, $3, $4, $5)',
        [providerId, half.fromSeq, half.toSeq, number, batch.root ?? number],
      );
    }
  });
  return 'halved';
}

/** A refusal that arrived later, as a file: only a batch that is still on its way can be refused. */
export async function refuseByAnswer(
  source: DataSource,
  recorder: OutcomeRecorder,
  providerId: number,
  number: number,
  code: ResultCode,
  detail: string,
  because?: IncomingAnswer['because'],
): Promise<void> {
  const [batch] = await query<{ state: string }>(
    source,
    'SELECT state FROM batch WHERE provider_id = $1 AND number = $2',
    [providerId, number],
  );
  if (batch?.state !== 'handed' && batch?.state !== 'accepted') return;
  // It holds something under this number that nobody here knows: nothing is safe before a person has looked.
  if (because === 'otherBytes') {
    await pauseProvider(source, providerId, HUB_ACTOR_ID, `the provider knows batch ${number} with other bytes`, {
      cause: 'otherBytes',
    });
    return;
  }
  const refusal = await refuseBatch(source, recorder, providerId, number, code, detail, async () => undefined);
  // Its halves are sealed anew, with the keys of that day; until somebody has looked they would fail as well.
  if (because === 'needsPerson') {
    await pauseProvider(source, providerId, HUB_ACTOR_ID, `the provider cannot use batch ${number}: ${detail}`, {
      cause: 'keyNotUsable',
    });
  } else if (refusal === 'tooMany') {
    await pauseProvider(source, providerId, HUB_ACTOR_ID, `the provider refuses too much of batch ${number}: ${code}`, {
      cause: 'refusesBatches',
    });
  }
}

async function offenders(source: DataSource, providerId: number, root: number): Promise<number> {
  const [row] = await query<{ n: number }>(
    source,
    `SELECT count(*) AS n FROM batch WHERE provider_id = $1 AND root = $2 AND line_count = 1 AND n_rejected + n_retrying = 1`,
    [providerId, root],
  );
  return row?.n ?? 0;
}
