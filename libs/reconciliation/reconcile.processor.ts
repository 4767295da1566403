// The queue's handler, and what keeps runs coming: those that are due, those that lost their job, and what they ordered.
import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import {
  ADAPTERS,
  ALERTS,
  APPENDER,
  observationOf,
  SET_ASIDE_BOOK,
  WAKE_UP,
  type AdapterRegistry,
  type Alerts,
  type Appender,
  type SetAsideBook,
  type WakeUp,
} from '#contracts';
import {
  CONFIG,
  HUB_ACTOR_ID,
  LOGGER,
  ProviderDirectory,
  query,
  QUEUE_POLICIES,
  SecretStore,
  VAULT,
  type Config,
  type Logger,
  type Vault,
} from '#platform';
import { bringForward } from './bring-forward.js';
import { runReconciliation, wantReconciliation, type ReconcileResult } from './reconcile.js';
import { applyRepairs } from './repair.js';

export const RECONCILE_QUEUE = 'reconcile';

export interface ReconcileJob {
  runId: number;
  provider: string;
}

/** Whether a provider's next comparison is due. `everyS` in seconds; never by itself without one. */
export function isDue(last: Date | null, everyS: number | null | undefined, now: Date): boolean {
  if (!everyS) return false;
  return last === null || now.getTime() - last.getTime() >= everyS * 1000;
}

/** Gives a run its job. The id carries the moment: BullMQ ignores an id that it has seen. */
export async function queueRun(queue: Queue<ReconcileJob>, job: ReconcileJob, now: number): Promise<void> {
  await queue.add('reconcile', job, { ...QUEUE_POLICIES.reconcile.job, jobId: `run-${job.runId}-${now.toString(36)}` });
}

const { concurrency, worker } = QUEUE_POLICIES.reconcile;

@Processor(RECONCILE_QUEUE, { concurrency, ...worker })
export class ReconcileProcessor extends WorkerHost {
  private readonly controller = new AbortController();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ADAPTERS) private readonly adapters: AdapterRegistry,
    @Inject(ALERTS) private readonly alerts: Alerts,
    @Inject(SecretStore) private readonly secrets: SecretStore,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(SET_ASIDE_BOOK) private readonly setAside: SetAsideBook,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    super();
  }

  /** Before the queue's worker is closed, which waits for its job. */
  beforeApplicationShutdown(): void {
    this.controller.abort();
  }

  async process(job: Job<ReconcileJob>): Promise<{ runId: number; result: ReconcileResult | 'notMyTurn' }> {
    const { runId, provider } = job.data;
    const { source, adapters, alerts, secrets, vault, setAside } = this;
    const parts = {
      source,
      adapters,
      alerts,
      setAside,
      secret: (name: string) => secrets.secret(name),
      heldSecret: (code: string) => vault.heldSecret(code),
    };
    const reconciled = await runReconciliation(parts, runId, this.controller.signal);
    if (reconciled) this.log.info({ event: 'reconciled', provider, run: runId, ...reconciled });
    return { runId, result: reconciled?.result ?? 'notMyTurn' };
  }
}

interface Standing {
  providerId: number;
  last: Date | null;
  /** When a whole list was last asked for. */
  lastSnapshot: Date | null;
  /** When a list was last compared, by whichever means; at first, when there was first something to compare. */
  compared: Date | null;
  /** The run that waits or is under way. */
  openRun: number | null;
  /** Since when, in seconds. */
  openS: number;
}

const STANDINGS = `
SELECT p.provider_id AS "providerId", (SELECT max(r.created_at) FROM reconciliation r WHERE r.provider_id = p.provider_id) AS last,
  (SELECT max(r.created_at) FROM reconciliation r WHERE r.provider_id = p.provider_id AND r.means = 'snapshot') AS "lastSnapshot",
  coalesce((SELECT max(r.ended_at) FROM reconciliation r WHERE r.provider_id = p.provider_id AND r.result IN ('equal', 'differs', 'restored')),
    (SELECT min(b.ended_at) FROM batch b WHERE b.provider_id = p.provider_id AND b.state = 'settled')) AS compared,
  o.run_id AS "openRun", extract(epoch FROM now() - coalesce(o.started_at, o.created_at))::float8 AS "openS"
FROM provider p LEFT JOIN reconciliation o ON o.provider_id = p.provider_id AND o.ended_at IS NULL`;

/** A run without news for so long is given another job; a double finds the lock taken. */
const BELIEVED_S = 30;

@Injectable()
export class ReconcileSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> = Promise.resolve();
  private stopped = false;
  /** When a run of ours was given its job, in milliseconds. */
  private readonly given = new Map<number, number>();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @InjectQueue(RECONCILE_QUEUE) private readonly queue: Queue<ReconcileJob>,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(APPENDER) private readonly appender: Appender,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
    @Inject(ALERTS) private readonly alerts: Alerts,
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
      const standings = await query<Standing>(this.source, STANDINGS);
      for (const standing of standings) if (!this.stopped) await this.sweepOne(standing);
    } catch (error) {
      this.log.warn({
        event: 'sweep of reconciliations failed',
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  }

  private async sweepOne(standing: Standing): Promise<void> {
    const { providerId, last, lastSnapshot, openRun, openS } = standing;
    const row = this.directory.all().find((each) => each.providerId === providerId);
    if (!row) return;
    const appended =
      (await applyRepairs(this.source, this.appender, providerId)) +
      (await bringForward(this.source, this.appender, providerId));
    if (appended > 0) await this.wakeUp.wake([providerId]);
    const now = Date.now();
    if (openRun !== null) {
      const since = this.given.get(openRun);
      if (since === undefined ? openS > 1 : now - since > BELIEVED_S * 1000) await this.give(openRun, row.code, now);
      return;
    }
    const { profile } = row;
    const { snapshot } = observationOf(profile);
    await this.tellMissing(standing, profile.reconcileEveryS ?? snapshot?.everyS ?? null, now);
    // Before anything was acknowledged there is no list to look at.
    const whole =
      snapshot !== null && standing.compared !== null && isDue(lastSnapshot, snapshot.everyS, new Date(now));
    if (!whole && !isDue(last, profile.reconcileEveryS, new Date(now))) return;
    const who = { actorId: HUB_ACTOR_ID, reason: 'on schedule' };
    const runId = await wantReconciliation(this.source, providerId, who, whole ? 'snapshot' : null);
    await this.give(runId, row.code, now);
  }

  /** A list that could not be compared for two periods is nobody's secret. */
  private async tellMissing({ providerId, compared }: Standing, everyS: number | null, now: number): Promise<void> {
    if (everyS === null || compared === null || now - compared.getTime() < 2 * everyS * 1000) return;
    const text = `nothing that it holds could be compared since ${compared.toISOString().slice(0, 16)}Z, more than two periods of ${everyS} s`;
    await this.alerts.raise({ kind: 'snapshotMissing', providerId, subject: 'list', text });
  }

  private async give(runId: number, provider: string, now: number): Promise<void> {
    for (const [known, at] of this.given) if (now - at > 10 * BELIEVED_S * 1000) this.given.delete(known);
    this.given.set(runId, now);
    await queueRun(this.queue, { runId, provider }, now);
  }
}
