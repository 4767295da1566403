// The calendar: entries whose day has come are derived again, in small transactions that stand in nobody's way.
import type { DataSource } from 'typeorm';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import type { Day, Derivation } from '#contracts';

/** Lines per transaction, as for imports: single registrations beside it stay quick. */
const CHUNK = 2000;

const DUE = `SELECT DISTINCT line_id FROM entry WHERE due_on <= $1::date AND line_id > $2 ORDER BY line_id LIMIT ${CHUNK}`;
const LOCK = 'SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR UPDATE';

/**
 * Starts and ends what the day `today` starts and ends. May be stopped and run again at any time: what is done is no
 * longer due. Returns the ids of the providers whose log grew and how many changes were appended.
 */
export async function turnDay(
  source: DataSource,
  derivation: Derivation,
  today: Day,
  signal: AbortSignal,
): Promise<{ providerIds: Set<number>; appended: number }> {
  const providerIds = new Set<number>();
  let appended = 0;
  for (let after = 0; !signal.aborted;) {
    const lines = (await query<{ line_id: number }>(source, DUE, [today, after])).map((row) => row.line_id);
    if (lines.length === 0) break;
    after = lines.at(-1) ?? after;
    const derived = await inTransaction(source, async (tx) => {
      await tx.query(LOCK, [lines]);
      return derivation.derive(
        tx,
        { fresh: [], known: lines },
        { cause: 'expired', actorId: HUB_ACTOR_ID, runId: null, today },
      );
    });
    await faultPoint('whitelist.dayTurned');
    for (const [providerId, count] of derived.appended) {
      providerIds.add(providerId);
      appended += count;
    }
  }
  return { providerIds, appended };
}
