// One hand-over: under the provider's lease the next step is decided, taken and recorded.
import type { DataSource } from 'typeorm';
import {
  FieldNotAllowed,
  KeyNotUsable,
  takesFullLists,
  type AdapterRegistry,
  type Appender,
  type AskResult,
  type HandOverResult,
  type OutcomeRecorder,
  type ProviderAdapter,
  type SealedBatch,
  type SealedPart,
} from '#contracts';
import { faultPoint, HUB_ACTOR_ID, inTransaction, query, type Logger } from '#platform';
import { beginAttempt, endAttempt, repeatOvertaken, settleLostAttempts } from './attempts.js';
import { closeBatch, refuseBatch } from './close-batch.js';
import { sealFullList } from './full-list.js';
import { failSync } from './sync.js';
import { acquireLease, assertFence, LeaseLost, type Lease } from './lease.js';
import { pauseProvider } from './pause.js';
import { settleEmpty } from './receipt.js';
import { afterAsking, afterHandOver, type Verdict } from './rules/after-attempt.js';
import { lingerMs } from './rules/linger.js';
import { nextStep, type Step } from './rules/next-step.js';
import { restateList } from './restate-list.js';
import { sealBatch, type Sealed } from './seal-batch.js';
import { readBatch, readParts } from './sealed-bytes.js';
import { stepRules, viewStream, WINDOW_SHUT, type Stream } from './view.js';

/** How one job ended, as ops see it. `more` tells that another job is due at once, `at` that one is due later. */
export interface Delivered {
  /** `profileChanged`: this process does not know the newest profile yet. */
  step: Step['step'] | 'notMyTurn' | 'leaseLost' | 'profileChanged';
  number?: number;
  lines?: number;
  result?: string;
  more: boolean;
  at?: number;
  /** Changes are pouring in: not before `at`, whoever wakes. */
  gathers?: boolean;
}

export interface DeliverySettings {
  owner: string;
  leaseS: number;
  /** Told when the profile in the database is newer than the adapter's. */
  outdated?: () => void;
  /** Milliseconds; the database's clock when absent. */
  clock?: () => number;
}

/** Until the new profile is read, in milliseconds. */
const PROFILE_PAUSE_MS = 200;

const PENDING = `
SELECT c.last_seq - s.sealed_seq AS pending,
  coalesce((SELECT h.run_id IS NOT NULL FROM change h WHERE h.provider_id = $1 AND h.seq = c.last_seq), false) AS imported
FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.provider_id = $1`;

// Files and a feed lie with the provider before it has looked at them: its own receipt comes later, by itself.
const RECEIPT_AT = `receipt_at = CASE WHEN (SELECT p.profile ->> 'acknowledgement' FROM provider p WHERE p.provider_id = batch.provider_id)
  IN ('files', 'pull') THEN receipt_at ELSE coalesce(receipt_at, now()) END`;

export class Deliverer {
  constructor(
    private readonly source: DataSource,
    private readonly adapters: AdapterRegistry,
    private readonly appender: Appender,
    private readonly recorder: OutcomeRecorder,
    private readonly log: Logger,
    private readonly settings: DeliverySettings,
  ) {}

  /** Takes one step for a provider. Throws only for faults of our own; what a provider did is in the result. */
  async deliver(providerId: number, code: string): Promise<Delivered> {
    const adapter = this.adapters.get(code);
    const lease = await acquireLease(this.source, providerId, this.settings.owner, this.settings.leaseS);
    if (!lease) return { step: 'notMyTurn', more: false };
    try {
      const overAfterS = this.settings.leaseS + (2 * adapter.profile.transport.timeoutMs) / 1000;
      await settleLostAttempts(this.source, this.appender, providerId, lease.fence, overAfterS);
      const stream = await viewStream(this.source, providerId, this.settings.clock);
      // What an old profile renders or expects may be wrong by now; whoever changes one does so under the lease.
      if (this.adapters.get(code) !== adapter || this.adapters.version(code) !== stream.profileVersion) {
        this.settings.outdated?.();
        return { step: 'profileChanged', more: false, at: Date.now() + PROFILE_PAUSE_MS };
      }
      const step = nextStep(stream, stepRules(adapter.profile));
      return await this.take(step, stream, adapter, lease).catch((error: unknown) =>
        this.notSealed(error, step.step, stream, lease),
      );
    } catch (error) {
      if (error instanceof LeaseLost) return { step: 'leaseLost', more: true };
      throw error;
    } finally {
      await lease.release();
    }
  }

  private async take(step: Step, stream: Stream, adapter: ProviderAdapter, lease: Lease): Promise<Delivered> {
    const { providerId } = lease;
    switch (step.step) {
      case 'paused':
      case 'idle':
      case 'awaitOutcomes':
        return { step: step.step, more: false };
      case 'notYet':
        if (step.why === 'window') await this.waitForWindow(providerId, step.until);
        return { step: 'notYet', more: false, at: step.until };
      case 'sealEmpty': {
        const sealed = await sealBatch(this.source, adapter, lease, 'empty', new Date(stream.now));
        if (!sealed) return { step: 'idle', more: false };
        await faultPoint('dispatch.sealed');
        return this.handOver('sealEmpty', sealed.batch, partsOf(sealed), stream, adapter, lease);
      }
      case 'handOver': {
        const batch = await this.existing(providerId, step.number);
        const begun = await inTransaction(this.source, async (tx) => {
          await assertFence(tx, lease);
          const rows = await tx.query(
            `UPDATE batch SET state = 'handed', handed_at = coalesce(handed_at, now())
             WHERE provider_id = $1 AND number = $2 AND state IN ('sealed', 'handed') RETURNING number`,
            [providerId, batch.number],
          );
          if (rows.length > 0) await beginAttempt(tx, providerId, batch.number, lease.fence, 'handOver');
          return rows.length > 0;
        });
        // An answer came in between: what is settled is not sent again.
        if (!begun) return { step: 'handOver', number: batch.number, result: 'answeredMeanwhile', more: true };
        return this.handOver(
          'handOver',
          batch,
          readParts(this.source, providerId, batch.number),
          stream,
          adapter,
          lease,
        );
      }
      case 'seal':
      case 'sealHalf': {
        const now = new Date(stream.now);
        const pushed = stream.pushWanted ? await sealBatch(this.source, adapter, lease, 'ahead', now) : null;
        const sealed =
          pushed ?? (await sealBatch(this.source, adapter, lease, step.step === 'seal' ? 'next' : 'half', now));
        if (!sealed)
          return { step: step.step === 'seal' ? 'awaitOutcomes' : 'sealHalf', more: step.step === 'sealHalf' };
        await faultPoint('dispatch.sealed');
        return this.handOver(step.step, sealed.batch, partsOf(sealed), stream, adapter, lease);
      }
      case 'sealFull': {
        if (stream.fullSyncId === null) return { step: 'idle', more: false };
        if (!takesFullLists(adapter.profile)) {
          await restateList(this.source, this.appender, lease, stream.fullSyncId);
          return { step: 'sealFull', more: true };
        }
        const batch = await sealFullList(this.source, adapter, lease, stream.fullSyncId, new Date(stream.now));
        if (!batch) return { step: 'sealFull', more: true };
        await faultPoint('dispatch.sealed');
        return this.handOver(
          'sealFull',
          batch,
          readParts(this.source, providerId, batch.number),
          stream,
          adapter,
          lease,
        );
      }
      case 'ask':
        return this.ask(await this.existing(providerId, step.number), stream, adapter, lease);
      case 'giveUp': {
        await this.recorder.giveUp(
          providerId,
          step.number,
          'no outcomes before the deadline, and the provider cannot tell',
        );
        return { step: 'giveUp', number: step.number, more: true };
      }
    }
  }

  /** Shown as the reason why nothing goes out. Nothing failed, and whether it is open is judged anew each time. */
  private async waitForWindow(providerId: number, until: number): Promise<void> {
    const bangkok = new Date(until + 7 * 3_600_000).toISOString();
    await query(
      this.source,
      `UPDATE provider_stream SET not_before = $2, waiting_for = $3 WHERE provider_id = $1 AND not_before IS DISTINCT FROM $2`,
      [
        providerId,
        new Date(until),
        `${WINDOW_SHUT}; it opens ${bangkok.slice(0, 10)} ${bangkok.slice(11, 16)} (Bangkok)`,
      ],
    );
  }

  /** What kept a batch from being sealed and needs a person; anything else goes on its way. Nothing was sent. */
  private async notSealed(error: unknown, step: Step['step'], stream: Stream, lease: Lease): Promise<Delivered> {
    if (error instanceof KeyNotUsable) {
      await this.stop(lease.providerId, `nothing can be signed and encrypted: ${error.message}`);
      return { step, result: 'forbidden', more: false };
    }
    // A list without some of its lines would take them off. What is new travels as changes; the sync ends.
    if (error instanceof FieldNotAllowed && step === 'sealFull') {
      const reason = `${1 + error.others.length} lines of the full list cannot be written; ${error.message}`;
      await failSync(this.source, lease.providerId, stream.fullSyncId, reason);
      this.log.error({ event: 'full list cannot be written', provider: lease.providerId, reason });
      return { step, result: 'notWritten', more: true };
    }
    throw error;
  }

  private async existing(providerId: number, number: number): Promise<SealedBatch> {
    const batch = await readBatch(this.source, providerId, number);
    if (!batch) throw new Error(`batch ${number} of provider ${providerId} is not there`);
    return batch;
  }

  private async handOver(
    step: Step['step'],
    batch: SealedBatch,
    parts: AsyncIterable<SealedPart>,
    stream: Stream,
    adapter: ProviderAdapter,
    lease: Lease,
  ): Promise<Delivered> {
    const began = performance.now();
    // A process that was stopped for a while must not send what its successor may be sending.
    if (!lease.surelyHeld()) throw new LeaseLost();
    const result = await adapter.handOver(batch, parts, lease.lost);
    await faultPoint('dispatch.handedOver');
    const verdict = afterHandOver(result, this.context(batch, stream, adapter));
    const end = {
      result: result.result,
      status: 'status' in result ? result.status : null,
      detail: 'detail' in result ? result.detail : null,
    };
    // Outcomes first, and whoever holds the lease: if we die after them the batch is settled, before them it goes again.
    const outcomes = verdict.verdict === 'accepted' && 'outcomes' in result ? result.outcomes : null;
    if (outcomes) await this.recorder.record(lease.providerId, batch.number, outcomes);
    try {
      if (result.result === 'refused') await this.refuse(result, batch, lease, end);
      else await this.recordVerdict(verdict, batch, lease, end);
    } catch (error) {
      if (!(error instanceof LeaseLost)) throw error;
      // What we sent may arrive after what our successor sent: the entries' current state is said once more.
      await repeatOvertaken(this.source, this.appender, lease.providerId, batch.number);
      this.log.warn({
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
      await this.ask(batch, stream, adapter, lease);
    }
    this.log.info({
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
      ...(await this.after(verdict, step, stream, adapter, lease)),
    };
  }

  /** What follows a hand-over: the next one at once, later, or after a moment's gathering when changes pour in. */
  private async after(
    verdict: Verdict,
    step: Step['step'],
    stream: Stream,
    adapter: ProviderAdapter,
    lease: Lease,
  ): Promise<Pick<Delivered, 'more' | 'at' | 'gathers'>> {
    if (verdict.verdict !== 'accepted' || step !== 'seal') return this.next(verdict, stream);
    const [row] = await query<{ pending: number; imported: boolean }>(this.source, PENDING, [lease.providerId]);
    if (!row) return { more: true };
    const wait = lingerMs(row.pending, row.imported, adapter.profile.maxLines);
    if (wait > 0) return { more: false, at: Date.now() + wait, gathers: true };
    // What comes after this moment wakes by itself.
    const left =
      row.pending > 0 || stream.open.length > 0 || stream.fullListWanted || stream.pushWanted || stream.unsealedHalf;
    return { more: left };
  }

  private async ask(batch: SealedBatch, stream: Stream, adapter: ProviderAdapter, lease: Lease): Promise<Delivered> {
    const { providerId } = lease;
    await inTransaction(this.source, async (tx) => {
      await assertFence(tx, lease);
      await beginAttempt(tx, providerId, batch.number, lease.fence, 'ask');
      await tx.query('UPDATE batch SET asked = asked + 1 WHERE provider_id = $1 AND number = $2', [
        providerId,
        batch.number,
      ]);
    });
    const result: AskResult = await adapter.ask(batch, lease.lost);
    await faultPoint('dispatch.asked');
    const verdict = afterAsking(result, this.context(batch, stream, adapter));
    if (result.answer === 'refused') {
      const refusal = { result: 'refused' as const, code: result.code, detail: result.detail, status: null };
      await this.refuse(refusal, batch, lease, refusal);
      return { step: 'ask', number: batch.number, result: result.answer, ...this.next(verdict, stream) };
    }
    if (result.answer === 'has' && result.outcomes && verdict.verdict === 'accepted') {
      await this.recorder.record(providerId, batch.number, result.outcomes);
    }
    await this.recordVerdict(verdict, batch, lease, {
      result: result.answer,
      status: null,
      detail: 'detail' in result ? result.detail : null,
    });
    return { step: 'ask', number: batch.number, result: result.answer, ...this.next(verdict, stream) };
  }

  private async recordVerdict(
    verdict: Verdict,
    batch: SealedBatch,
    lease: Lease,
    attempt: { result: string; status: number | null; detail: string | null },
  ): Promise<void> {
    const { providerId } = lease;
    if (verdict.verdict === 'close') {
      await closeBatch(this.source, this.appender, lease, batch.number, 'the provider never got it', 'again');
    }
    await inTransaction(this.source, async (tx) => {
      await assertFence(tx, lease);
      await endAttempt(tx, providerId, batch.number, lease.fence, attempt);
      const set = (sql: string, ...values: unknown[]) =>
        tx.query(`UPDATE batch SET ${sql} WHERE provider_id = $1 AND number = $2 AND state = 'handed'`, [
          providerId,
          batch.number,
          ...values,
        ]);
      const wait = (afterS: number, counts: boolean, why: string) =>
        tx.query(
          `UPDATE provider_stream SET not_before = now() + $2 * interval '1 second', failures = failures + $3, waiting_for = $4 WHERE provider_id = $1`,
          [providerId, afterS, counts ? 1 : 0, why],
        );
      switch (verdict.verdict) {
        case 'accepted':
          await set(`state = 'accepted', accepted_at = now(), asked = 0, ${RECEIPT_AT}`);
          // A proof of life is over with the receipt: there are no lines to wait for.
          if (batch.lineCount === 0 && this.adapters.get(batch.provider).profile.acknowledgement !== 'files')
            await settleEmpty(tx, providerId, batch.number);
          await tx.query(
            'UPDATE provider_stream SET not_before = NULL, failures = 0, waiting_for = NULL WHERE provider_id = $1 AND (failures > 0 OR not_before IS NOT NULL)',
            [providerId],
          );
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
        case 'refused':
        case 'close':
          break;
      }
    });
    if (verdict.verdict === 'stop') await this.stop(providerId, verdict.reason);
  }

  private async refuse(
    result: Extract<HandOverResult, { result: 'refused' }>,
    batch: SealedBatch,
    lease: Lease,
    end: { result: string; status: number | null; detail: string | null },
  ): Promise<void> {
    const { providerId } = lease;
    if (batch.kind === 'full') {
      // A list has no halves. What was new in its range travels as changes; the sync ends, and a person looks.
      await closeBatch(this.source, this.appender, lease, batch.number, `refused as a whole: ${result.code}`, 'failed');
      await inTransaction(this.source, (tx) => endAttempt(tx, providerId, batch.number, lease.fence, end));
      await this.stop(providerId, `the provider refused the full list ${batch.number}: ${result.code}`);
      return;
    }
    const refusal = await refuseBatch(
      this.source,
      this.recorder,
      providerId,
      batch.number,
      result.code,
      result.detail,
      async (tx) => {
        await assertFence(tx, lease);
        await endAttempt(tx, providerId, batch.number, lease.fence, end);
      },
    );
    if (refusal === 'tooMany')
      await this.stop(providerId, `the provider refuses too much of batch ${batch.number}: ${result.code}`);
  }

  private async stop(providerId: number, reason: string): Promise<void> {
    await pauseProvider(this.source, providerId, HUB_ACTOR_ID, reason);
    const [row] = await query<{ code: string }>(this.source, 'SELECT code FROM provider WHERE provider_id = $1', [
      providerId,
    ]);
    this.log.error({ event: 'provider stopped, a person is needed', provider: row?.code, reason });
  }

  private context(batch: SealedBatch, stream: Stream, adapter: ProviderAdapter) {
    const laterHanded = stream.open.find((open) => open.number === batch.number)?.laterHanded ?? false;
    // Only who resends the same number need not wait until the first request is surely over.
    const resends = adapter.profile.refusesKnownNumbers && !laterHanded;
    return {
      sha256: batch.sha256,
      failures: stream.failures,
      schedule: adapter.profile.retryScheduleS,
      random: Math.random(),
      laterHanded,
      unclearLeastS: resends ? 0 : adapter.profile.transport.timeoutMs / 1000,
    };
  }

  private next(verdict: Verdict, stream: Stream): Pick<Delivered, 'more' | 'at'> {
    switch (verdict.verdict) {
      case 'again':
      case 'unclear':
        return { more: false, at: stream.now + verdict.afterS * 1000 };
      case 'stop':
        return { more: false };
      default:
        return { more: true };
    }
  }
}

async function* partsOf(sealed: Sealed): AsyncGenerator<SealedPart> {
  yield* sealed.parts;
}
