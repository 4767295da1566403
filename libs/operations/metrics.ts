// Prometheus metrics of one process: a registry of its own, so that two apps in one process do not collide.
import { Counter, Registry } from 'prom-client';

/** Why somebody was turned away. */
export type Refusal = 'noKey' | 'wrongKey' | 'wrongScope' | 'wrongSignature';

export class Metrics {
  readonly registry = new Registry();

  private readonly refusals = new Counter({
    name: 'saphan_refused_requests_total',
    help: 'Requests that were refused because of their key, its scope or their signature.',
    labelNames: ['reason', 'provider'] as const,
    registers: [this.registry],
  });

  /** @param provider code, when the request named one that is known; labels must stay few */
  refused(reason: Refusal, provider = ''): void {
    this.refusals.inc({ reason, provider });
  }
}
