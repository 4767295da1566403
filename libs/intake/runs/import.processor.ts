// The queue's handler: a job says which run, the run itself knows how far it is.
import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import { CONFIG, LOGGER, QUEUE_POLICIES, type Config, type Logger } from '#platform';
import { eraseOld, forgetHistory } from './retention.js';
import { ImportRunner, type RunEnd } from './run-import.js';
import { IMPORT_QUEUE, queueUnfinishedRuns, type ImportJob } from './unfinished-runs.js';

const { concurrency, worker } = QUEUE_POLICIES.import;

const ERASE_EVERY_MS = 3_600_000;

/** Fires when the process stops: runs end between two chunks and go on elsewhere. */
@Injectable()
export class ImportStop implements OnApplicationShutdown {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;

  /** Before the queue's worker is closed, which waits for its job. */
  beforeApplicationShutdown(): void {
    this.controller.abort();
  }

  onApplicationShutdown(): void {
    this.controller.abort();
  }
}

@Processor(IMPORT_QUEUE, { concurrency, ...worker })
export class ImportProcessor extends WorkerHost {
  constructor(
    @Inject(ImportRunner) private readonly runner: ImportRunner,
    @Inject(ImportStop) private readonly stop: ImportStop,
  ) {
    super();
  }

  async process(job: Job<ImportJob>): Promise<{ runId: number; end: RunEnd }> {
    return { runId: job.data.runId, end: await this.runner.run(job.data.runId, this.stop.signal) };
  }
}

/** Gives runs without a job one, at start and every few seconds; once an hour erases what is over its time. */
@Injectable()
export class ImportSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private stopped = false;
  private eraseAt = 0;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @InjectQueue(IMPORT_QUEUE) private readonly queue: Queue<ImportJob>,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const turn = (): void => {
      this.sweeping = this.sweep().finally(() => {
        if (!this.stopped) this.timer = setTimeout(turn, this.config.worker.sweepMs);
      });
    };
    turn();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    try {
      await queueUnfinishedRuns(this.source, this.queue);
      if (Date.now() < this.eraseAt) return;
      this.eraseAt = Date.now() + ERASE_EVERY_MS;
      const erased = await eraseOld(this.source, new Date());
      if (erased.originals + erased.uploads + erased.answers > 0)
        this.log.info({ event: 'intake erased what is old', ...erased });
      const forgotten = await forgetHistory(this.source, this.config.retention.historyDays, new Date());
      if (forgotten.revisions + forgotten.registrations + forgotten.problems > 0)
        this.log.info({ event: 'intake forgot what ended long ago', ...forgotten });
    } catch (error) {
      this.log.warn({ event: 'sweep of imports failed', reason: error instanceof Error ? error.message : 'unknown' });
    }
  }
}
