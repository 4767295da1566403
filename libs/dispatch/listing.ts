// What a provider should hold, to be read as of one position of its log: nothing is sealed, appended or counted for it.
import type { DataSource } from 'typeorm';
import type { BatchLine } from '#contracts';
import { inTransaction } from '#platform';
import { LISTED, PAGE, type EntryRow } from './full-list.js';
import { batchLine } from './render-batch.js';

/** Entries read at a time. */
const CHUNK = 2_000;

export interface Listing {
  /** The position of the log: everything up to it is in the listing, and nothing after it. */
  asOf: number;
  count: number;
}

/**
 * Reads the listing in one snapshot, in the order of the lines' ids, a chunk at a time; `begin` is called before the
 * first chunk. What either throws ends the reading. Positions run from 1; each line carries the seq of its newest change.
 */
export async function listEntries(
  source: DataSource,
  providerId: number,
  begin: (listing: Listing) => Promise<void>,
  take: (lines: BatchLine[]) => Promise<void>,
): Promise<void> {
  await inTransaction(
    source,
    async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY');
      const [listing] = await tx.query<Listing>(
        `SELECT c.last_seq AS "asOf", (SELECT count(*) FROM entry e WHERE ${LISTED}) AS count
         FROM provider_counter c WHERE c.provider_id = $1`,
        [providerId],
      );
      await begin(listing ?? { asOf: 0, count: 0 });
      for (let after = 0, n = 1; ;) {
        const rows = await tx.query<EntryRow>(PAGE, [providerId, after, CHUNK]);
        const last = rows.at(-1);
        if (!last) return;
        after = last.line_id;
        const first = n;
        await take(rows.map((row, i) => batchLine({ ...row, present: true }, first + i, row.last_seq)));
        n += rows.length;
      }
    },
    'REPEATABLE READ',
  );
}
