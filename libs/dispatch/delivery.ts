// What a delivery works with and how it ends, as the files of the single verbs share it.
import type { DataSource } from 'typeorm';
import type { AdapterRegistry, Appender, OutcomeRecorder, ProviderAdapter, SealedBatch } from '#contracts';
import type { Logger } from '#platform';
import type { Lease } from './lease.js';
import type { AttemptContext, Verdict } from './rules/after-attempt.js';
import type { Step } from './rules/next-step.js';
import type { Stream } from './view.js';

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

export interface DeliveryTools {
  source: DataSource;
  adapters: AdapterRegistry;
  appender: Appender;
  recorder: OutcomeRecorder;
  log: Logger;
}

/** One turn of a provider: what the database said at its start, and the lease under which it acts. */
export interface Turn {
  stream: Stream;
  adapter: ProviderAdapter;
  lease: Lease;
}

/** What the judgement of an attempt needs to know beside its result. */
export function attemptContext(batch: SealedBatch, { stream, adapter }: Turn): AttemptContext {
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

/** When the next job is due after a verdict. */
export function nextAfter(verdict: Verdict, stream: Stream): Pick<Delivered, 'more' | 'at'> {
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
