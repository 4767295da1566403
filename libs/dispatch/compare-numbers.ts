// Before a process seals its first batch for a provider: is every number that the provider knows known here?
import { faultPoint, inTransaction, query } from '#platform';
import { beginAttempt, endAttempt } from './attempts.js';
import type { DeliveryTools, Turn } from './delivery.js';
import { assertFence, type Lease } from './lease.js';
import { stopProvider } from './record-verdict.js';
import { waitS } from './rules/after-attempt.js';
import { MOST_LOST, skipNumbers } from './skip-numbers.js';

/** Attempts that are about no batch stand under number 0. */
export const NO_BATCH = 0;

/**
 * `go`: nothing is amiss, or the provider cannot tell. `later`: it was not reached, nothing is sealed before `at`.
 * `stopped`: a person is needed.
 */
export type Compared = { go: true } | { go: false; result: 'notSent'; at: number } | { go: false; result: 'stopped' };

interface Newest {
  number: number;
  sha256: string;
  parts: number;
  known: boolean;
}

const NEWEST = `
SELECT number, encode(sha256, 'hex') AS sha256, parts, handed_at IS NOT NULL AND state NOT IN ('refused', 'closed') AS known
FROM batch WHERE provider_id = $1 ORDER BY number DESC LIMIT 1`;

/**
 * Asks the provider for its highest number. When it has higher ones than we do, our database was set back: those numbers
 * are taken by placeholders, and sending stops until a person has loaded and compared what was lost.
 */
export async function compareNumbers(tools: DeliveryTools, turn: Turn): Promise<Compared> {
  const { stream, adapter, lease } = turn;
  const { providerId } = lease;
  const ours = stream.nextNumber - 1;
  const answer = await adapter.highestNumber(ours, lease.lost);
  await faultPoint('dispatch.numbersCompared');
  if (answer.said === 'notReached') {
    const afterS = waitS(adapter.profile.retryScheduleS, stream.failures, Math.random());
    await recordFailure(tools, lease, `its highest number was not told: ${answer.detail}`, afterS);
    return { go: false, result: 'notSent', at: stream.now + afterS * 1000 };
  }
  if (answer.said === 'forbidden') {
    await stopProvider(tools, providerId, answer.about ?? 'credentials', `the provider refuses us: ${answer.detail}`);
    return { go: false, result: 'stopped' };
  }
  if (answer.said === 'cannotTell') return { go: true };
  if (answer.number > ours) {
    if (answer.number - ours > MOST_LOST) {
      await stopProvider(
        tools,
        providerId,
        'setBack',
        `it names ${answer.number} as its highest number, ours is ${ours}`,
      );
      return { go: false, result: 'stopped' };
    }
    const skipped = await skipNumbers(tools.source, tools.appender, providerId, answer, (tx) => assertFence(tx, lease));
    if (skipped) await stopProvider(tools, providerId, 'setBack', setBack(skipped));
    return { go: false, result: 'stopped' };
  }
  const [newest] = await query<Newest>(tools.source, NEWEST, [providerId]);
  if (newest?.known && newest.parts === 1 && newest.number === answer.number && answer.sha256 !== null) {
    if (answer.sha256 !== newest.sha256) {
      const reason = `it has number ${newest.number} with other bytes than were sealed here`;
      await stopProvider(tools, providerId, 'otherBytes', reason);
      return { go: false, result: 'stopped' };
    }
  }
  return { go: true };
}

/** It was not reached: an attempt like any other, so that health and people see it. */
async function recordFailure(tools: DeliveryTools, lease: Lease, detail: string, afterS: number): Promise<void> {
  const { providerId, fence } = lease;
  await inTransaction(tools.source, async (tx) => {
    await assertFence(tx, lease);
    await beginAttempt(tx, providerId, NO_BATCH, fence, 'ask');
    await endAttempt(tx, providerId, NO_BATCH, fence, { result: 'notSent', status: null, detail });
    await tx.query(
      `UPDATE provider_stream SET not_before = now() + $2 * interval '1 second', failures = failures + 1,
         ramp = CASE WHEN ramp IS NOT NULL THEN 0 END, waiting_for = $3 WHERE provider_id = $1`,
      [providerId, afterS, detail],
    );
  });
}

/** What a person is told when numbers were lost. */
export function setBack({ from, to }: { from: number; to: number }): string {
  return `the provider has the numbers ${from} to ${to}, which are not known here: this database was set back. They are skipped; load what was registered since the backup, compare, then resume`;
}
