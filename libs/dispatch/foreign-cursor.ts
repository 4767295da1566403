// A provider that pulls comes with a cursor beyond our numbers: this database was set back, and the cursor says how far.
import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { HUB_ACTOR_ID, query } from '#platform';
import type { Appender } from '#contracts';
import { closeBatch } from './close-batch.js';
import { setBack } from './compare-numbers.js';
import type { Cursor } from './feed.js';
import { assertFence } from './lease.js';
import { pauseProvider } from './pause.js';
import { MOST_LOST, skipNumbers } from './skip-numbers.js';
import { patientLease } from './switch-way.js';

/** Long enough for what is done under it. */
const LEASE_S = 60;

// Sealed since the database was set back: their numbers were used before, so the provider never asks for them.
const NEVER_ASKED = `
SELECT b.number FROM batch b WHERE b.provider_id = $1 AND b.number < $2 AND b.format = 'thin' AND b.state IN ('sealed', 'handed', 'accepted')
  AND NOT EXISTS (SELECT 1 FROM feed_page f WHERE f.provider_id = b.provider_id AND f.number = b.number)
ORDER BY b.number`;

/**
 * Takes the numbers up to the cursor out of use, appends again what was sealed under used numbers, and stops sending until
 * a person has looked. False when the cursor is none that could be ours.
 * @throws Problem 409 when a hand-over is under way
 */
export async function takeForeignCursor(
  source: DataSource,
  appender: Appender,
  providerId: number,
  cursor: Cursor,
): Promise<boolean> {
  const [stream] = await query<{ next_number: number }>(
    source,
    'SELECT next_number FROM provider_stream WHERE provider_id = $1',
    [providerId],
  );
  if (!stream || cursor.number < stream.next_number || cursor.number - stream.next_number >= MOST_LOST) return false;
  const owner = `feed-${randomBytes(3).toString('hex')}`;
  const lease = await patientLease({ source, owner, leaseS: LEASE_S }, providerId);
  try {
    const there = { number: cursor.number, appliedSeq: null, sha256: null, parts: cursor.part };
    const skipped = await skipNumbers(source, appender, providerId, there, (tx) => assertFence(tx, lease));
    if (!skipped) return false;
    for (const { number } of await query<{ number: number }>(source, NEVER_ASKED, [providerId, skipped.from]))
      await closeBatch(source, appender, lease, number, 'sealed after the database was set back', 'again');
    await pauseProvider(source, providerId, HUB_ACTOR_ID, setBack(skipped), { cause: 'setBack' });
    return true;
  } finally {
    await lease.release();
  }
}
