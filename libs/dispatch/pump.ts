// The pump: turns wake-ups into jobs, never more than one waiting per provider from this process.
import type { Queue } from 'bullmq';
import { QUEUE_POLICIES, type Logger } from '#platform';
import type { Delivered } from './delivery.js';

export interface DeliveryJob {
  provider: string;
  why: 'woken' | 'more' | 'due' | 'swept';
}

interface State {
  /** A job of ours waits or runs. */
  busy: boolean;
  /** Woken while busy: look again when the job has ended. */
  dirty: boolean;
  /** When busy became true; a queue store that was wiped loses jobs, so it is believed only so long. */
  since: number;
  timer: NodeJS.Timeout | null;
  /** Changes pour in and are being gathered: not before this moment, in milliseconds. */
  gathersUntil: number;
}

/** After this many milliseconds without news a job is taken for lost and another one added; a double is harmless. */
const BELIEVED_MS = 5_000;

export class Pump {
  private readonly states = new Map<string, State>();
  private serial = 0;
  private closed = false;

  constructor(
    private readonly queues: Map<string, Queue>,
    private readonly log: Logger,
    private readonly owner: string,
  ) {}

  /** A provider was added: its jobs go into this queue. */
  takeUp(provider: string, queue: Queue): void {
    this.queues.set(provider, queue);
  }

  /** Something may be due. Returns at once. */
  wake(provider: string, why: DeliveryJob['why'] = 'woken'): void {
    const state = this.state(provider);
    if (Date.now() < state.gathersUntil) return;
    if (state.busy && Date.now() - state.since < BELIEVED_MS) {
      state.dirty = true;
      return;
    }
    this.add(provider, state, why);
  }

  /** The processor took up a job of this provider. */
  started(provider: string): void {
    const state = this.state(provider);
    state.busy = true;
    state.dirty = false;
    state.since = Date.now();
  }

  /** The job ended; the next one follows when there is reason to. */
  ended(provider: string, result: Delivered | null): void {
    const state = this.state(provider);
    state.busy = false;
    if (this.closed) return;
    state.gathersUntil = result?.gathers && result.at !== undefined ? result.at : 0;
    if (state.gathersUntil > 0) this.later(provider, state, state.gathersUntil);
    else if (result?.more || state.dirty) this.add(provider, state, result?.more ? 'more' : 'woken');
    else if (result?.at !== undefined) this.later(provider, state, result.at);
  }

  close(): void {
    this.closed = true;
    for (const state of this.states.values()) if (state.timer) clearTimeout(state.timer);
  }

  private later(provider: string, state: State, at: number): void {
    if (state.timer) clearTimeout(state.timer);
    state.timer = setTimeout(() => this.wake(provider, 'due'), Math.max(0, at - Date.now()) + 5);
    state.timer.unref();
  }

  private add(provider: string, state: State, why: DeliveryJob['why']): void {
    if (this.closed) return;
    const queue = this.queues.get(provider);
    if (!queue) return;
    state.busy = true;
    state.dirty = false;
    state.since = Date.now();
    // BullMQ silently ignores an id that it has seen, so every job's id is new.
    const jobId = `${provider}-${this.owner}-${Date.now().toString(36)}-${++this.serial}`;
    queue
      .add('hand-over', { provider, why } satisfies DeliveryJob, { ...QUEUE_POLICIES.deliver.job, jobId })
      .catch((error: unknown) => {
        // The queue store is away: the sweeper tries again.
        state.busy = false;
        this.log.warn({
          event: 'no job could be added',
          provider,
          reason: error instanceof Error ? error.message : 'unknown',
        });
      });
  }

  private state(provider: string): State {
    let state = this.states.get(provider);
    if (!state) {
      state = { busy: false, dirty: false, since: 0, timer: null, gathersUntil: 0 };
      this.states.set(provider, state);
    }
    return state;
  }
}
