// Asking a provider what became of a batch whose fate is not known, or whose outcomes are awaited.
import type { AskResult, SealedBatch } from '#contracts';
import { faultPoint, inTransaction } from '#platform';
import { beginAttempt } from './attempts.js';
import { attemptContext, nextAfter, type Delivered, type DeliveryTools, type Turn } from './delivery.js';
import { assertFence } from './lease.js';
import { recordRefusal, recordVerdict } from './record-verdict.js';
import { afterAsking } from './rules/after-attempt.js';

/** Asks what became of a batch, and records the answer like that of a hand-over. */
export async function askProvider(tools: DeliveryTools, turn: Turn, batch: SealedBatch): Promise<Delivered> {
  const { stream, adapter, lease } = turn;
  const { providerId } = lease;
  await inTransaction(tools.source, async (tx) => {
    await assertFence(tx, lease);
    await beginAttempt(tx, providerId, batch.number, lease.fence, 'ask');
    await tx.query('UPDATE batch SET asked = asked + 1 WHERE provider_id = $1 AND number = $2', [
      providerId,
      batch.number,
    ]);
  });
  await faultPoint('dispatch.askRecorded');
  const result: AskResult = await adapter.ask(batch, lease.lost);
  await faultPoint('dispatch.asked');
  const verdict = afterAsking(result, attemptContext(batch, turn));
  if (result.answer === 'refused') {
    const refusal = { result: 'refused' as const, code: result.code, detail: result.detail, status: null };
    await recordRefusal(tools, turn, refusal, batch, refusal);
    return { step: 'ask', number: batch.number, result: result.answer, ...nextAfter(verdict, stream) };
  }
  if (result.answer === 'has' && result.outcomes && verdict.verdict === 'accepted') {
    await tools.recorder.record(providerId, batch.number, result.outcomes);
  }
  await recordVerdict(tools, turn, verdict, batch, {
    result: result.answer,
    status: null,
    detail: 'detail' in result ? result.detail : null,
  });
  return { step: 'ask', number: batch.number, result: result.answer, ...nextAfter(verdict, stream) };
}
