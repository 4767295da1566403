// Recording the provider's word: idempotent, in any order, one row for "all applied".
import type { DataSource } from 'typeorm';
import {
  RESULT_CODES,
  type LineOutcome,
  type OutcomeRecorder,
  type Outcomes,
  type RecordedOutcomes,
  type ResultCode,
  type Tx,
  type WakeUp,
} from '#contracts';
import { faultPoint, INDEX_PLANS, inTransaction, noteSetAside } from '#platform';
import { OutcomeBook, type Block } from './outcome-book.js';
import { meantFor, type Heard } from './merge.js';
import { positions, type BatchRow, type Position } from './positions.js';
import { writeExceptions, type RetryRules } from './exceptions.js';
import { toldHandles, writeHandles } from './handles.js';
import type { WaitingReleaser } from './release-waiting.js';

interface LockedBatch extends BatchRow {
  state: string;
  said: 'applied' | 'already' | null;
  heard: number;
  handed_at: Date | null;
  state_reason: string | null;
  /** Some of its changes are past their retention. */
  pruned: boolean;
  /** An attempt's end was not seen by the lease it ran under. */
  lost: boolean;
}

/** What is left of an answer when everything that does not fit the batch is taken out. */
interface Checked {
  outcomes: Outcomes;
  accepted: number;
  setAside: number;
  because?: NonNullable<RecordedOutcomes['because']>;
  positions: Position[];
}

const SHIFTED = { reason: 'shifted', detail: 'reference and position do not belong together in this batch' } as const;

const LOCK_BATCH = `
SELECT provider_id, number, kind, from_seq, to_seq, line_count, collapsed, omitted, state, said, heard, handed_at, state_reason, pruned,
  EXISTS (SELECT 1 FROM attempt a WHERE a.provider_id = batch.provider_id AND a.number = batch.number
    AND a.fence < (SELECT fence FROM provider_lease l WHERE l.provider_id = batch.provider_id)
    AND (a.ended_at IS NULL OR a.result = 'lost')) AS lost
FROM batch WHERE provider_id = $1 AND number = $2 FOR UPDATE`;

// An answer to some parts of a list says nothing of the others: they may not have been sent yet, or never, when the process
// that sent them died.
const UPDATE_BATCH = `
UPDATE batch SET said = $3, heard = $4, n_applied = $5, n_already = $6, n_rejected = $7, n_retrying = $8, n_uncertain = $9,
  accepted_at = CASE WHEN state = 'handed' AND parts > 1 AND $4 < line_count THEN accepted_at ELSE coalesce(accepted_at, now()) END, receipt_at = coalesce(receipt_at, CASE WHEN $10 AND (parts = 1 OR $4 = line_count) THEN now() END),
  state = CASE WHEN state = 'handed' AND parts > 1 AND $4 < line_count AND $10 THEN state
    WHEN state IN ('sealed', 'handed', 'accepted') THEN CASE WHEN $4 = line_count THEN 'settled' ELSE 'accepted' END ELSE state END,
  ended_at = CASE WHEN $4 = line_count THEN coalesce(ended_at, now()) ELSE ended_at END
WHERE provider_id = $1 AND number = $2`;

/** Appends again the current state of the entries of a batch that have newer changes than it carried (station dispatch). */
export type RepeatOvertaken = (providerId: number, number: number) => Promise<number>;

export class Recorder implements OutcomeRecorder {
  constructor(
    private readonly source: DataSource,
    private readonly rules: (providerId: number) => RetryRules,
    private readonly waiting: WaitingReleaser,
    private readonly wakeUp: WakeUp,
    private readonly repeatOvertaken: RepeatOvertaken,
  ) {}

  async record(providerId: number, number: number, outcomes: Outcomes): Promise<RecordedOutcomes> {
    return this.merge(providerId, number, outcomes);
  }

  async giveUp(providerId: number, number: number, reason: string): Promise<RecordedOutcomes> {
    return this.merge(providerId, number, null, reason);
  }

  async refuseLine(providerId: number, number: number, code: ResultCode): Promise<void> {
    const position = await inTransaction(this.source, async (tx) => {
      const [batch] = await tx.query<LockedBatch>(LOCK_BATCH, [providerId, number]);
      return batch ? (await positions(tx, batch, 1, 1))[0] : undefined;
    });
    if (position) {
      // A code that may pass by itself is no verdict on the line.
      const outcome = RESULT_CODES[code].retry === 'later' ? 'retryLater' : 'rejected';
      await this.merge(providerId, number, { except: [{ n: 1, ref: position.entryRef, outcome, code }] });
    }
  }

  private async merge(
    providerId: number,
    number: number,
    outcomes: Outcomes | null,
    reason?: string,
  ): Promise<RecordedOutcomes> {
    const recorded = await inTransaction(
      this.source,
      async (tx): Promise<RecordedOutcomes & { seqs: number[] | 'all'; suspect: boolean }> => {
        await tx.query(INDEX_PLANS);
        const [batch] = await tx.query<LockedBatch>(LOCK_BATCH, [providerId, number]);
        const wrong = !batch
          ? 'no batch has this number'
          : batch.handed_at === null
            ? 'this batch was never handed over'
            : batch.state === 'refused'
              ? 'this batch was refused as a whole'
              : batch.pruned
                ? 'this batch ended long ago, its lines are not kept any more'
                : null;
        if (!batch || wrong !== null) {
          const items = (outcomes?.except.length ?? 0) || 1;
          const because = { reason: 'unknownBatch', detail: wrong ?? '' } as const;
          await noteSetAside(tx, providerId, { ...because, number, items });
          return { accepted: 0, setAside: items, because, settled: false, seqs: [], suspect: false };
        }
        const checked = outcomes ? await this.check(tx, batch, outcomes) : null;
        // Nothing of it can be used: then it is no receipt either.
        if (checked && checked.accepted === 0 && checked.setAside > 0) {
          const { setAside, because } = checked;
          return { accepted: 0, setAside, ...(because ? { because } : {}), settled: false, seqs: [], suspect: false };
        }
        const book = await loadBook(tx, batch);
        const rules = this.rules(providerId);
        const told = checked && rules.givesHandles ? toldHandles(book, checked.outcomes) : null;
        if (checked) book.take(checked.outcomes);
        else book.giveUp();
        await saveBlocks(tx, batch, book);
        if (checked && told && batch.kind === 'delta') {
          const spoken = checked.positions.length > 0 ? checked.positions : await positions(tx, batch);
          await writeHandles(tx, providerId, book, spoken, checked.outcomes.except, told);
        }
        if (book.touchedLines.size > 0) {
          const touched = [...book.touchedLines];
          const known = await positions(tx, batch, Math.min(...touched), Math.max(...touched));
          await writeExceptions(tx, batch, book, known, rules, outcomes, reason ?? null);
        }
        const counts = book.counts();
        const heard = counts.applied + counts.already + counts.rejected + counts.retrying + counts.uncertain;
        await tx.query(UPDATE_BATCH, [
          providerId,
          number,
          book.said,
          heard,
          counts.applied,
          counts.already,
          counts.rejected,
          counts.retrying,
          counts.uncertain,
          // Whoever answers lines has them; of a list in parts only all of them prove that it has all.
          outcomes !== null,
        ]);
        const whole = heard === batch.line_count;
        if (whole && batch.kind === 'full') await settleFull(tx, batch, book.isWhollyHeard());
        await faultPoint('acknowledgement.merged');
        return {
          accepted: checked?.accepted ?? 0,
          setAside: checked?.setAside ?? 0,
          ...(checked?.because ? { because: checked.because } : {}),
          settled: whole,
          seqs: whole ? 'all' : (checked?.positions ?? []).map((position) => position.seq),
          // Closed, given up, or sent by a lost hand: this answer is the sign that it was applied, perhaps just now.
          suspect: checked !== null && (batch.state === 'closed' || batch.state_reason !== null || batch.lost),
        };
      },
    );
    await faultPoint('acknowledgement.recorded');
    // Entries are locked before batches everywhere, so what waited for these outcomes is appended in its own
    // transaction; if we die in between, the sweeper finds it by the same rule.
    const released = await this.waiting.release(providerId, number, recorded.seqs);
    const repeated = recorded.suspect ? await this.repeatOvertaken(providerId, number) : 0;
    if (released > 0 || repeated > 0 || recorded.settled) await this.wakeUp.wake([providerId]);
    return recorded;
  }

  /** Drops what does not refer to exactly one line of this batch, and counts it. */
  private async check(tx: Tx, batch: LockedBatch, outcomes: Outcomes): Promise<Checked> {
    const first = outcomes.first ?? 1;
    const last = outcomes.last ?? batch.line_count;
    if (batch.line_count === 0 && outcomes.except.length === 0)
      return { outcomes, accepted: 0, setAside: 0, positions: [] };
    if (first < 1 || last > batch.line_count || first > last) {
      const items = outcomes.except.length + (outcomes.default ? 1 : 0);
      const because = {
        reason: 'outside',
        detail: `positions ${first} to ${last} are outside the batch, which has ${batch.line_count} lines`,
      } as const;
      await noteSetAside(tx, batch.provider_id, { ...because, number: batch.number, items });
      return { outcomes: { except: [] }, accepted: 0, setAside: items, because, positions: [] };
    }
    const whole = first === 1 && last === batch.line_count;
    if (outcomes.except.length === 0 && whole) {
      return { outcomes, accepted: outcomes.default ? batch.line_count : 0, setAside: 0, positions: [] };
    }
    const { low, high } = spokenOf(outcomes, { first, last }, batch.line_count);
    const known = low <= high ? await positions(tx, batch, low, high) : [];
    const byPosition = new Map(known.map((position) => [position.n, position]));
    const except: LineOutcome[] = [];
    for (const item of outcomes.except) {
      const position = byPosition.get(item.n);
      if (position?.entryRef === item.ref) except.push(meantFor(position, item));
    }
    const wrong = outcomes.except.length - except.length;
    // Shifted references prove that the answer was made from something else: then its default says nothing either.
    const safe: Outcomes = wrong === 0 ? { ...outcomes, except, first, last } : { except, first, last };
    if (wrong > 0) await noteSetAside(tx, batch.provider_id, { ...SHIFTED, number: batch.number, items: wrong });
    const listed = new Set(except.map((item) => item.n));
    const heard = known.filter(({ n }) => listed.has(n) || (safe.default && n >= first && n <= last));
    return {
      outcomes: safe,
      accepted: heard.length,
      setAside: wrong,
      ...(wrong > 0 ? { because: SHIFTED } : {}),
      positions: heard,
    };
  }
}

/** The positions that an answer speaks of: its default's, and those of its items, which may lie beside them. */
function spokenOf(
  { default: word, except }: Outcomes,
  { first, last }: { first: number; last: number },
  lineCount: number,
): { low: number; high: number } {
  let [low, high] = word ? [first, last] : [lineCount + 1, 0];
  for (const { n } of except) {
    if (n > lineCount) continue;
    low = Math.min(low, n);
    high = Math.max(high, n);
  }
  return { low, high };
}

// The list says all: what was rejected, waited to be retried or for a predecessor is in it or absent from it.
const COVER_EXCEPTIONS = `
UPDATE exception SET ended_at = now(), end_reason = 'covered'
WHERE provider_id = $1 AND seq <= $2 AND (number < $3 OR (number = $3 AND n IS NULL)) AND ended_at IS NULL AND kind <> 'held'`;
const COVER_OMISSIONS =
  'UPDATE omission SET ended_at = now() WHERE provider_id = $1 AND seq <= $2 AND ended_at IS NULL';

// A list given up leaves its absences uncertain too: what it would have removed has no position in it.
const DOUBT_ABSENCES = `
INSERT INTO exception (provider_id, seq, entry_ref, number, kind, code)
SELECT provider_id, last_seq, entry_ref, $3, 'uncertain', 'PROVIDER_ERROR' FROM entry
WHERE provider_id = $1 AND NOT present AND last_seq BETWEEN $4 AND $2 ON CONFLICT DO NOTHING`;

/** A full list has all its outcomes, or was given up; given up it covers nothing, and a late answer to some lines neither. */
async function settleFull(tx: Tx, batch: LockedBatch, heard: boolean): Promise<void> {
  const key = [batch.provider_id, batch.to_seq];
  if (!heard) {
    await tx.query(DOUBT_ABSENCES, [...key, batch.number, batch.from_seq]);
    return;
  }
  await tx.query(COVER_EXCEPTIONS, [...key, batch.number]);
  await tx.query(COVER_OMISSIONS, key);
}

async function loadBook(tx: Tx, batch: LockedBatch): Promise<OutcomeBook> {
  const key = [batch.provider_id, batch.number];
  const blocks = new Map<number, Block>();
  const sets = new Map<number, Heard>();
  const givenUp = new Set<number>();
  if (batch.heard > 0 && batch.said === null) {
    const rows = await tx.query<{ block: number; applied: Buffer; already: Buffer }>(
      'SELECT block, applied, already FROM outcome_bits WHERE provider_id = $1 AND number = $2',
      key,
    );
    for (const row of rows) blocks.set(row.block, { applied: row.applied, already: row.already });
    const lines = await tx.query<{ n: number; heard: Heard; end_reason: string | null }>(
      `SELECT n, heard, end_reason FROM exception WHERE provider_id = $1 AND number = $2 AND n IS NOT NULL AND end_reason IS DISTINCT FROM 'answered'`,
      key,
    );
    for (const row of lines) {
      if (Object.keys(row.heard).length > 0) sets.set(row.n, row.heard);
      else givenUp.add(row.n);
    }
  }
  return new OutcomeBook(batch.line_count, batch.said, blocks, sets, givenUp);
}

async function saveBlocks(tx: Tx, batch: LockedBatch, book: OutcomeBook): Promise<void> {
  for (const block of book.touchedBlocks) {
    const bits = book.blocks.get(block);
    if (!bits) continue;
    await tx.query(
      `INSERT INTO outcome_bits (provider_id, number, block, applied, already) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (provider_id, number, block) DO UPDATE SET applied = excluded.applied, already = excluded.already`,
      [batch.provider_id, batch.number, block, bits.applied, bits.already],
    );
  }
}
