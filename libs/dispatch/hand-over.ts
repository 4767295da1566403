// Handing over: a sealed batch goes to its provider, outcomes that came back are recorded first, then the verdict.
import type { SealedBatch, SealedPart } from '#contracts';
import { faultPoint, query } from '#platform';
import { repeatOvertaken } from './attempts.js';
import { askProvider } from './ask-provider.js';
import { attemptContext, nextAfter, type Delivered, type DeliveryTools, type Turn } from './delivery.js';
import { LeaseLost } from './lease.js';
import { recordRefusal, recordVerdict } from './record-verdict.js';
import { afterHandOver, type Verdict } from './rules/after-attempt.js';
import { lingerMs } from './rules/linger.js';
import type { Step } from './rules/next-step.js';

const PENDING = `
SELECT c.last_seq - s.sealed_seq AS pending,
  coalesce((SELECT h.run_id IS NOT NULL FROM change h WHERE h.provider_id = $1 AND h.seq = c.last_seq), false) AS imported
FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.provider_id = $1`;

/** Sends a batch whose attempt is recorded, and records what came of it. */
export async function handOver(
  tools: DeliveryTools,
  turn: Turn,
  step: Step['step'],
  batch: SealedBatch,
  parts: AsyncIterable<SealedPart>,
): Promise<Delivered> {
  const { adapter, lease } = turn;
  const began = performance.now();
  // A process that was stopped for a while must not send what its successor may be sending.
  if (!lease.surelyHeld()) throw new LeaseLost();
  const result = await adapter.handOver(batch, parts, lease.lost);
  await faultPoint('dispatch.handedOver');
  const verdict = afterHandOver(result, attemptContext(batch, turn));
  const end = {
    result: result.result,
    status: 'status' in result ? result.status : null,
    detail: 'detail' in result ? result.detail : null,
  };
  // Outcomes first, and whoever holds the lease: if we die after them the batch is settled, before them it goes again.
  const outcomes = verdict.verdict === 'accepted' && 'outcomes' in result ? result.outcomes : null;
  if (outcomes) await tools.recorder.record(lease.providerId, batch.number, outcomes);
  await faultPoint('dispatch.outcomesRecorded');
  try {
    if (result.result === 'refused') await recordRefusal(tools, turn, result, batch, end);
    else await recordVerdict(tools, turn, verdict, batch, end);
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    // What we sent may arrive after what our successor sent: the entries' current state is said once more.
    await repeatOvertaken(tools.source, tools.appender, lease.providerId, batch.number);
    tools.log.warn({
      event: 'lease lost during hand-over',
      provider: batch.provider,
      batch: batch.number,
      result: result.result,
    });
    return { step: 'leaseLost', number: batch.number, result: result.result, more: true };
  }
  await faultPoint('dispatch.recorded');
  // A provider that answers in the response and gave no outcomes has them all the same: it is asked at once.
  if (
    verdict.verdict === 'accepted' &&
    !outcomes &&
    adapter.profile.acknowledgement === 'response' &&
    adapter.profile.canBeAsked
  ) {
    await askProvider(tools, turn, batch);
  }
  tools.log.info({
    event: 'batch handed over',
    provider: batch.provider,
    batch: batch.number,
    kind: batch.kind,
    lines: batch.lineCount,
    result: result.result,
    verdict: verdict.verdict,
    ms: Math.round(performance.now() - began),
  });
  return {
    step,
    number: batch.number,
    lines: batch.lineCount,
    result: result.result,
    ...(await after(tools, turn, verdict, step)),
  };
}

/** What follows a hand-over: the next one at once, later, or after a moment's gathering when changes pour in. */
async function after(
  tools: DeliveryTools,
  { stream, adapter, lease }: Turn,
  verdict: Verdict,
  step: Step['step'],
): Promise<Pick<Delivered, 'more' | 'at' | 'gathers'>> {
  if (verdict.verdict !== 'accepted' || step !== 'seal') return nextAfter(verdict, stream);
  const [row] = await query<{ pending: number; imported: boolean }>(tools.source, PENDING, [lease.providerId]);
  if (!row) return { more: true };
  const wait = lingerMs(row.pending, row.imported, adapter.profile.maxLines);
  if (wait > 0) return { more: false, at: Date.now() + wait, gathers: true };
  // What comes after this moment wakes by itself.
  const left =
    row.pending > 0 || stream.open.length > 0 || stream.fullListWanted || stream.pushWanted || stream.unsealedHalf;
  return { more: left };
}
