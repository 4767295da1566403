// The loose ends of the stations, done in every sweep: each is idempotent and quick when there is nothing to do.
import type { DataSource } from 'typeorm';
import { retryDue, type WaitingReleaser } from '#acknowledgement';
import type {
  AdapterRegistry,
  Alerts,
  Appender,
  Derivation,
  IncomingAnswer,
  OutcomeRecorder,
  WakeUp,
} from '#contracts';
import { checkReceipt, endSyncs, refuseByAnswer, type SweepTask } from '#dispatch';
import { bangkokDay, HUB_ACTOR_ID, query, type Logger } from '#platform';
import { turnDay } from '#whitelist';

export interface SweepParts {
  source: DataSource;
  adapters: AdapterRegistry;
  appender: Appender;
  derivation: Derivation;
  recorder: OutcomeRecorder;
  waiting: WaitingReleaser;
  wakeUp: WakeUp;
  alerts: Alerts;
  log: Logger;
}

export function sweepTasks(parts: SweepParts): SweepTask[] {
  return [retries(parts), waiting(parts), answers(parts), calendar(parts), syncs(parts), stopped(parts)];
}

function retries({ source, appender }: SweepParts): SweepTask {
  return async (provider) => void (await retryDue(source, appender, provider.providerId));
}

function waiting({ waiting }: SweepParts): SweepTask {
  return async (provider) => void (await waiting.sweep(provider.providerId));
}

function syncs({ source }: SweepParts): SweepTask {
  return (provider) => endSyncs(source, provider.providerId);
}

/** The hub stops sending by itself for what a person must look at; the alert is over when somebody resumed it. */
function stopped({ source, alerts }: SweepParts): SweepTask {
  return async ({ providerId }) => {
    const alert = { kind: 'providerStopped', providerId, subject: 'sending' } as const;
    const [row] = await query<{ reason: string | null }>(
      source,
      'SELECT pause_reason AS reason FROM provider_stream WHERE provider_id = $1 AND paused_by = $2',
      [providerId, HUB_ACTOR_ID],
    );
    if (row) await alerts.raise({ ...alert, text: row.reason ?? 'sending was stopped' });
    else await alerts.clear(alert);
  };
}

/** Answer files of a provider are read by one process at a time, as often as its profile says. */
function answers({ source, adapters, recorder, wakeUp, log }: SweepParts): SweepTask {
  const last = new Map<number, number>();
  return async (provider, signal) => {
    const adapter = adapters.get(provider.code);
    const { transport } = provider.profile;
    if (!adapter.collect || transport.kind !== 'sftp') return;
    if (Date.now() - (last.get(provider.providerId) ?? 0) < transport.pollMs) return;
    last.set(provider.providerId, Date.now());
    await alone(source, 7_240_100 + provider.providerId, async () => {
      const take = async (answer: IncomingAnswer) => {
        if (answer.receipt === 'accepted' && answer.sha256 !== undefined) {
          await checkReceipt(source, provider.providerId, answer.number, answer.sha256);
        }
        if (answer.receipt === 'refused') {
          await refuseByAnswer(
            source,
            recorder,
            provider.providerId,
            answer.number,
            answer.code ?? 'PROVIDER_ERROR',
            answer.detail ?? '',
          );
          await wakeUp.wake([provider.providerId]);
        }
        if (answer.outcomes) await recorder.record(provider.providerId, answer.number, answer.outcomes);
      };
      const result = await adapter.collect?.(take, signal);
      if (result && (result.taken > 0 || result.setAside > 0)) {
        log.info({ event: 'answer files read', provider: provider.code, ...result });
      }
    });
  };
}

/** Once a day and at every start, for all providers at once; asked for by whichever provider is swept first. */
function calendar({ source, derivation, wakeUp, log }: SweepParts): SweepTask {
  let done: string | null = null;
  return async (_provider, signal) => {
    const today = bangkokDay(new Date());
    if (done === today) return;
    done = today;
    try {
      const { providerIds, appended } = await turnDay(source, derivation, today, signal);
      if (appended > 0) log.info({ event: 'calendar turned', day: today, changes: appended });
      await wakeUp.wake(providerIds);
    } catch (error) {
      done = null;
      throw error;
    }
  };
}

/** Runs `work` unless another process is at it. */
async function alone(source: DataSource, key: number, work: () => Promise<void>): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    const [row] = (await runner.query('SELECT pg_try_advisory_lock($1) AS mine', [key])) as { mine: boolean }[];
    if (!row?.mine) return;
    try {
      await work();
    } finally {
      await runner.query('SELECT pg_advisory_unlock($1)', [key]);
    }
  } finally {
    await runner.release();
  }
}

/** Provider codes this worker delivers to: all, or those the configuration names. */
export async function deliveredProviders(source: DataSource, wanted: readonly string[]): Promise<string[]> {
  const rows = await query<{ code: string }>(source, 'SELECT code FROM provider ORDER BY provider_id');
  const codes = rows.map((row) => row.code);
  const unknown = wanted.filter((code) => !codes.includes(code));
  if (unknown.length > 0)
    throw new Error(`SAPHAN_PROVIDERS names ${unknown.join(', ')}; known are ${codes.join(', ')}`);
  return wanted.length > 0 ? codes.filter((code) => wanted.includes(code)) : codes;
}
