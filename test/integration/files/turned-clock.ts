// A hub whose clock a test turns by hand: one provider's deliveries and answer files, step by step, without a worker.
import type { ProviderAdapter } from '#contracts';
import { LOOPBACK_NETWORKS, makeAdapterRegistry, withEndpoint, type AdapterNotice } from '#adapters';
import { Recorder, WaitingReleaser } from '#acknowledgement';
import { repeatOvertaken } from '#dispatch';
import { AlertBook } from '#operations';
import { ProviderDirectory, query, SecretStore, Vault, type ProviderRow } from '#platform';
import { CurrentAppender } from '#whitelist';
import { answerFiles } from '../../../apps/worker/answer-files.js';
import { Deliverer } from '../../../libs/dispatch/deliver.js';
import type { Delivered } from '../../../libs/dispatch/delivery.js';
import { createLogger, type Logger } from '../../../libs/platform/log.js';
import type { TestHub } from '../../support/hub.js';

export interface TurnedClock {
  provider: ProviderRow;
  adapter: ProviderAdapter;
  notices: AdapterNotice[];
  /** Takes steps until nothing more is due now; returns them. */
  deliver(): Promise<Delivered[]>;
  /** Another worker of its own. */
  another(): Deliverer;
  /** One look at the answer files, as a sweep has it. */
  collect(): Promise<void>;
  /** Delivers and collects until every batch has ended. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const LIMIT_MS = 20_000;

/** @param time turned by the test; the simulators are to be given the same one */
export async function turnedClock(hub: TestHub, code: string, time: { now: Date }): Promise<TurnedClock> {
  const { source } = hub;
  const directory = new ProviderDirectory(source);
  await directory.reload();
  const provider = directory.byCode(code);
  const secrets = new SecretStore(source, new Vault(hub.config.keys.master));
  await secrets.reload();
  const notices: AdapterNotice[] = [];
  const registry = makeAdapterRegistry([provider.profile], {
    secrets,
    allowedNetworks: LOOPBACK_NETWORKS,
    clock: () => time.now,
    notice: (notice) => notices.push(notice),
  });
  const log: Logger = createLogger('silent');
  const appender = new CurrentAppender();
  const wakeUp = { wake: () => Promise.resolve() };
  const waiting = new WaitingReleaser(source, appender);
  const recorder = new Recorder(
    source,
    () => provider.profile,
    waiting,
    wakeUp,
    (providerId, number) => repeatOvertaken(source, appender, providerId, number),
  );
  const another = (): Deliverer =>
    new Deliverer(source, registry, appender, recorder, log, {
      owner: `test-${Math.random()}`,
      leaseS: 5,
      clock: () => time.now.getTime(),
    });
  const deliverer = another();
  const alerts = new AlertBook(source, log);
  const parts = { source, adapters: registry, recorder, wakeUp, alerts, log } as unknown as Parameters<
    typeof answerFiles
  >[0];
  const files = answerFiles(parts, (_key, work) => work());
  const { providerId } = provider;
  const clock: TurnedClock = {
    // Each look looks.
    provider: { ...provider, profile: withEndpoint(provider.profile, { pollMs: 0 }) },
    adapter: registry.get(code),
    notices,
    another,
    async deliver() {
      const done: Delivered[] = [];
      for (;;) {
        const one = await deliverer.deliver(providerId, code);
        done.push(one);
        if (!one.more) return done;
      }
    },
    collect: () => files(clock.provider, new AbortController().signal),
    async settle() {
      const end = Date.now() + LIMIT_MS;
      for (;;) {
        await clock.deliver();
        await clock.collect();
        const open = await query(source, OPEN, [providerId]);
        if (open.length === 0) return;
        if (Date.now() > end) throw new Error(`batches still open: ${JSON.stringify(open)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: () => registry.close(),
  };
  return clock;
}

const OPEN = `SELECT number, state FROM batch WHERE provider_id = $1 AND state IN ('sealed', 'handed', 'accepted')`;
