// The sweeper: looks in the database for what is due and has no job, whatever happened to the queue store.
import type { DataSource } from 'typeorm';
import { query, type Logger, type ProviderRow } from '#platform';
import type { Pump } from './pump.js';
import { nextStep, type Step } from './rules/next-step.js';
import { stepRules, viewStream } from './view.js';

/** Steps that need nobody's hand now. */
const AT_REST = new Set<Step['step']>(['paused', 'notYet', 'awaitOutcomes', 'idle']);

/** A task that other stations hand to the sweeper; run for one provider, idempotent, quick when there is nothing to do. */
export type SweepTask = (provider: ProviderRow, signal: AbortSignal) => Promise<void>;

export class Sweeper {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private readonly controller = new AbortController();

  constructor(
    private readonly source: DataSource,
    private readonly pump: Pump,
    private readonly providers: () => readonly ProviderRow[],
    private readonly tasks: readonly SweepTask[],
    private readonly log: Logger,
    private readonly everyMs: number,
  ) {}

  start(): void {
    const turn = () => {
      this.running = this.sweep().finally(() => {
        this.running = null;
        if (!this.controller.signal.aborted) this.timer = setTimeout(turn, this.everyMs);
      });
    };
    turn();
  }

  async stop(): Promise<void> {
    this.controller.abort();
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  /** One round over all providers. A provider that fails does not keep the others from theirs. */
  async sweep(): Promise<void> {
    await Promise.all(this.providers().map((provider) => this.sweepOne(provider)));
  }

  private async sweepOne(provider: ProviderRow): Promise<void> {
    try {
      await query(this.source, 'SELECT add_range_partitions($1::smallint)', [provider.providerId]);
      for (const task of this.tasks) {
        if (this.controller.signal.aborted) return;
        await task(provider, this.controller.signal);
      }
      const stream = await viewStream(this.source, provider.providerId);
      const step = nextStep(stream, stepRules(provider.profile));
      // Whoever waits for a window is told so once.
      const untold = step.step === 'notYet' && step.why === 'window' && stream.shownOpening !== step.until;
      if (untold || !AT_REST.has(step.step)) this.pump.wake(provider.code, 'swept');
    } catch (error) {
      this.log.warn({
        event: 'sweep failed',
        provider: provider.code,
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  }
}
