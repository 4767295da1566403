// One delivery: under the provider's lease the next step is decided and taken.
import type { DataSource } from 'typeorm';
import {
  FieldNotAllowed,
  KeyNotUsable,
  takesFullLists,
  type AdapterRegistry,
  type Appender,
  type OutcomeRecorder,
  type SealedBatch,
  type SealedPart,
} from '#contracts';
import { faultPoint, inTransaction, query, type Logger } from '#platform';
import { askProvider } from './ask-provider.js';
import { beginAttempt, settleLostAttempts } from './attempts.js';
import { compareNumbers, type Compared } from './compare-numbers.js';
import type { Delivered, DeliverySettings, DeliveryTools, Turn } from './delivery.js';
import { sealFullList } from './full-list.js';
import { handOver } from './hand-over.js';
import { watchHealth } from './health.js';
import { acquireLease, assertFence, LeaseLost, type Lease } from './lease.js';
import { stopProvider } from './record-verdict.js';
import type { Sealed } from './render-batch.js';
import { restateList } from './restate-list.js';
import { nextStep, type Step } from './rules/next-step.js';
import { paceOf } from './rules/slow-start.js';
import { sealBatch } from './seal-batch.js';
import { readBatch, readParts } from './sealed-bytes.js';
import { failSync } from './sync.js';
import { stepRules, viewStream, WINDOW_SHUT, type Stream } from './view.js';

/** Until the new profile is read, in milliseconds. */
const PROFILE_PAUSE_MS = 200;

/** Steps that take a new number. */
const NUMBERS: ReadonlySet<Step['step']> = new Set(['seal', 'sealHalf', 'sealFull', 'sealEmpty']);

/** Results that say nothing new of a provider that was well. */
const EXPECTED: ReadonlySet<string> = new Set(['accepted', 'known', 'has', 'later', 'answeredMeanwhile']);

export class Deliverer implements DeliveryTools {
  /** Providers whose numbers this process has compared with ours. */
  private readonly compared = new Set<number>();

  constructor(
    readonly source: DataSource,
    readonly adapters: AdapterRegistry,
    readonly appender: Appender,
    readonly recorder: OutcomeRecorder,
    readonly log: Logger,
    private readonly settings: DeliverySettings,
  ) {}

  /** Takes one step for a provider. Throws only for faults of our own; what a provider did is in the result. */
  async deliver(providerId: number, code: string): Promise<Delivered> {
    const adapter = this.adapters.get(code);
    const lease = await acquireLease(this.source, providerId, this.settings.owner, this.settings.leaseS);
    if (!lease) return { step: 'notMyTurn', more: false };
    await faultPoint('dispatch.leased');
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
      if (NUMBERS.has(step.step) && !this.compared.has(providerId)) {
        const compared = await compareNumbers(this, { stream, adapter, lease });
        if (!compared.go) return stopped(step.step, compared);
        this.compared.add(providerId);
      }
      const delivered = await this.take(step, { stream, adapter, lease }).catch((error: unknown) =>
        this.notSealed(error, step.step, stream, lease),
      );
      await this.judge(delivered, { stream, adapter, lease });
      return delivered;
    } catch (error) {
      if (error instanceof LeaseLost) return { step: 'leaseLost', more: true };
      throw error;
    } finally {
      await lease.release();
    }
  }

  /** After an attempt that tells something new of the provider's health; what only time tells is left to the sweep. */
  private async judge({ result }: Delivered, { stream, adapter, lease }: Turn): Promise<void> {
    if (result === undefined) return;
    if (EXPECTED.has(result) && stream.failures === 0 && stream.ramp === null) return;
    await watchHealth(this.source, lease.providerId, adapter.profile, this.log);
  }

  private async take(step: Step, turn: Turn): Promise<Delivered> {
    const { stream, adapter, lease } = turn;
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
        return handOver(this, turn, 'sealEmpty', sealed.batch, partsOf(sealed));
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
        await faultPoint('dispatch.attemptRecorded');
        return handOver(this, turn, 'handOver', batch, readParts(this.source, providerId, batch.number));
      }
      case 'seal':
      case 'sealHalf': {
        const now = new Date(stream.now);
        const { maxLines, retryScheduleS } = adapter.profile;
        const most = paceOf(stream.failures, stream.ramp, maxLines, retryScheduleS).maxLines;
        const pushed = stream.pushWanted ? await sealBatch(this.source, adapter, lease, 'ahead', now) : null;
        const sealed =
          pushed ?? (await sealBatch(this.source, adapter, lease, step.step === 'seal' ? 'next' : 'half', now, most));
        if (!sealed)
          return { step: step.step === 'seal' ? 'awaitOutcomes' : 'sealHalf', more: step.step === 'sealHalf' };
        await faultPoint('dispatch.sealed');
        return handOver(this, turn, step.step, sealed.batch, partsOf(sealed));
      }
      case 'sealFull': {
        if (stream.fullSyncId === null) return { step: 'idle', more: false };
        if (!takesFullLists(adapter.profile)) {
          await restateList(this.source, this.appender, lease, stream.fullSyncId);
          await faultPoint('dispatch.restated');
          return { step: 'sealFull', more: true };
        }
        const batch = await sealFullList(this.source, adapter, lease, stream.fullSyncId, new Date(stream.now));
        if (!batch) return { step: 'sealFull', more: true };
        await faultPoint('dispatch.sealed');
        return handOver(this, turn, 'sealFull', batch, readParts(this.source, providerId, batch.number));
      }
      case 'ask':
        return askProvider(this, turn, await this.existing(providerId, step.number));
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
      await stopProvider(
        this,
        lease.providerId,
        'keyNotUsable',
        `nothing can be signed and encrypted: ${error.message}`,
      );
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
}

async function* partsOf(sealed: Sealed): AsyncGenerator<SealedPart> {
  yield* sealed.parts;
}

function stopped(step: Step['step'], { result, ...when }: Extract<Compared, { go: false }>): Delivered {
  return { step, result, more: false, ...('at' in when ? { at: when.at } : {}) };
}
