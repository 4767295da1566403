// Recording what an attempt came to: the attempt's end, the batch's state, and when the stream goes on.
import type { HandOverResult, SealedBatch, StopCause, Tx } from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query } from '#platform';
import { endAttempt } from './attempts.js';
import { closeBatch, refuseBatch } from './close-batch.js';
import type { DeliveryTools, Turn } from './delivery.js';
import { assertFence } from './lease.js';
import { pauseProvider } from './pause.js';
import { settleEmpty } from './receipt.js';
import type { Verdict } from './rules/after-attempt.js';
import { nextRamp, paceOf } from './rules/slow-start.js';

// Files and a feed lie with the provider before it has looked at them: its own receipt comes later, by itself.
const RECEIPT_AT = `receipt_at = CASE WHEN (SELECT p.profile ->> 'acknowledgement' FROM provider p WHERE p.provider_id = batch.provider_id)
  IN ('files', 'pull') THEN receipt_at ELSE coalesce(receipt_at, now()) END`;

// In maintenance nothing counts as failing; who fails on the way back begins again at the canary.
const WAIT = `
UPDATE provider_stream s SET not_before = now() + $2 * interval '1 second', waiting_for = $4,
  failures = failures + CASE WHEN m.under_way THEN 0 ELSE $3::int END, ramp = CASE WHEN ramp IS NOT NULL AND $3::int > 0 THEN 0 ELSE ramp END
FROM (SELECT EXISTS (SELECT 1 FROM maintenance WHERE provider_id = $1 AND from_at <= now() AND until_at > now()) AS under_way) m
WHERE s.provider_id = $1`;

const GO_ON = `
UPDATE provider_stream SET failures = 0, ramp = $2, not_before = CASE WHEN $3::float8 > 0 THEN now() + $3 * interval '1 second' END,
  waiting_for = CASE WHEN $3::float8 > 0 THEN 'it is back and brought to full pace step by step' END
WHERE provider_id = $1 AND (failures > 0 OR not_before IS NOT NULL OR ramp IS NOT NULL)`;

/** It answered: failures are over, and whoever was away is given more from batch to batch. */
async function goOn(tx: Tx, { stream, adapter, lease }: Turn): Promise<void> {
  const { maxLines, retryScheduleS } = adapter.profile;
  const ramp = nextRamp(stream.failures, stream.ramp);
  await tx.query(GO_ON, [lease.providerId, ramp, paceOf(0, ramp, maxLines, retryScheduleS, Math.random()).gapS]);
}

/** Ends the attempt and moves batch and stream on, all in one transaction under the lease's fence. */
export async function recordVerdict(
  tools: DeliveryTools,
  turn: Turn,
  verdict: Verdict,
  batch: SealedBatch,
  attempt: { result: string; status: number | null; detail: string | null },
): Promise<void> {
  const { lease } = turn;
  const { providerId } = lease;
  if (verdict.verdict === 'close') {
    await closeBatch(tools.source, tools.appender, lease, batch.number, 'the provider never got it', 'again');
    await faultPoint('dispatch.closed');
  }
  await inTransaction(tools.source, async (tx) => {
    await assertFence(tx, lease);
    await endAttempt(tx, providerId, batch.number, lease.fence, attempt);
    const set = (sql: string, ...values: unknown[]) =>
      tx.query(`UPDATE batch SET ${sql} WHERE provider_id = $1 AND number = $2 AND state = 'handed'`, [
        providerId,
        batch.number,
        ...values,
      ]);
    const wait = (afterS: number, counts: boolean, why: string) =>
      tx.query(WAIT, [providerId, afterS, counts ? 1 : 0, why]);
    switch (verdict.verdict) {
      case 'accepted':
        await set(`state = 'accepted', accepted_at = now(), asked = 0, ${RECEIPT_AT}`);
        // A proof of life is over with the receipt: there are no lines to wait for.
        if (batch.lineCount === 0 && tools.adapters.get(batch.provider).profile.acknowledgement !== 'files')
          await settleEmpty(tx, providerId, batch.number);
        await goOn(tx, turn);
        break;
      case 'again':
        await set(`state = 'sealed'`);
        await wait(verdict.afterS, verdict.counts, attempt.detail ?? attempt.result);
        break;
      case 'unclear':
        await wait(verdict.afterS, true, attempt.detail ?? attempt.result);
        break;
      case 'stop':
        if (attempt.result === 'forbidden') await set(`state = 'sealed'`);
        break;
      case 'close':
        await goOn(tx, turn);
        break;
      case 'refused':
        break;
    }
  });
  if (verdict.verdict === 'stop') await stopProvider(tools, providerId, verdict.cause, verdict.reason);
}

/** Refused as a whole: its halves are next; a full list, or too many offenders, need a person. */
export async function recordRefusal(
  tools: DeliveryTools,
  turn: Turn,
  result: Extract<HandOverResult, { result: 'refused' }>,
  batch: SealedBatch,
  end: { result: string; status: number | null; detail: string | null },
): Promise<void> {
  const { lease } = turn;
  const { providerId } = lease;
  if (batch.kind === 'full') {
    // A list has no halves. What was new in its range travels as changes; the sync ends, and a person looks.
    await closeBatch(tools.source, tools.appender, lease, batch.number, `refused as a whole: ${result.code}`, 'failed');
    await inTransaction(tools.source, (tx) => endAttempt(tx, providerId, batch.number, lease.fence, end));
    const reason = `the provider refused the full list ${batch.number}: ${result.code}`;
    await stopProvider(tools, providerId, 'refusesBatches', reason);
    return;
  }
  const refusal = await refuseBatch(
    tools.source,
    tools.recorder,
    providerId,
    batch.number,
    result.code,
    result.detail,
    async (tx) => {
      await assertFence(tx, lease);
      await endAttempt(tx, providerId, batch.number, lease.fence, end);
      await goOn(tx, turn);
    },
  );
  await faultPoint('dispatch.refused');
  if (refusal === 'tooMany') {
    const reason = `the provider refuses too much of batch ${batch.number}: ${result.code}`;
    await stopProvider(tools, providerId, 'refusesBatches', reason);
  }
}

/** Stops sending until a person releases it. */
export async function stopProvider(
  tools: DeliveryTools,
  providerId: number,
  cause: StopCause,
  reason: string,
): Promise<void> {
  await pauseProvider(tools.source, providerId, HUB_ACTOR_ID, reason, { cause });
  const [row] = await query<{ code: string }>(tools.source, 'SELECT code FROM provider WHERE provider_id = $1', [
    providerId,
  ]);
  tools.log.error({ event: 'provider stopped, a person is needed', provider: row?.code, reason });
}
