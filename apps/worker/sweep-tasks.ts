// The loose ends of the stations, done in every sweep: each is idempotent and quick when there is nothing to do.
import type { DataSource } from 'typeorm';
import { carryReplays, forgetOldCallbacks, forgetTasks, retryDue, type WaitingReleaser } from '#acknowledgement';
import type { AdapterRegistry, Alerts, Appender, Derivation, OutcomeRecorder, WakeUp } from '#contracts';
import {
  askAgain,
  compactLog,
  endPause,
  endSyncs,
  forgetBatches,
  forgetHealth,
  keepAway,
  keepStopped,
  pruneLog,
  type SweepTask,
  watchHealth,
  watchKeyEnds,
  watchOutcomes,
  watchReceipts,
} from '#dispatch';
import { alone, bangkokDay, HUB_ACTOR_ID, query, type Config, type Logger } from '#platform';
import { forgetNotices, judgeSetAside, latelySetAside } from '#operations';
import { forgetRuns } from '#reconciliation';
import { countForBrake, forgetRemovals, releaseHeld, turnDay, watchBrake } from '#whitelist';
import { moveTasks } from './move-tasks.js';
import { answerFiles } from './answer-files.js';
import { formerAlerts } from './former-alerts.js';

export interface SweepParts {
  source: DataSource;
  adapters: AdapterRegistry;
  appender: Appender;
  derivation: Derivation;
  recorder: OutcomeRecorder;
  waiting: WaitingReleaser;
  wakeUp: WakeUp;
  alerts: Alerts;
  config: Config;
  log: Logger;
}

export function sweepTasks(parts: SweepParts): SweepTask[] {
  return [
    stopKept(parts),
    pauses(parts),
    retries(parts),
    replays(parts),
    retention(parts),
    history(parts),
    waiting(parts),
    answerFiles(parts, async (key, work) => void (await alone(parts.source, key, work))),
    calendar(parts),
    brake(parts),
    syncs(parts),
    stopped(parts),
    ...moveTasks(parts, async (key, work) => void (await alone(parts.source, key, work))),
    setAside(parts),
    formerAlerts(parts),
    subscriptions(parts),
    watchReceipts(parts),
    watchOutcomes(parts),
    watchKeyEnds(parts),
    health(parts),
  ];
}

/** A subscription to a provider's events is renewed when it is due, also when there is nothing to hand over. */
function subscriptions({ adapters }: SweepParts): SweepTask {
  return async ({ code, profile }, signal) => {
    if (profile.disabled) return;
    await adapters.get(code).keepSubscribed?.(signal);
  };
}

/** First of all: what is added while everything is stopped is stopped too. */
function stopKept({ source }: SweepParts): SweepTask {
  return (provider) => keepStopped(source, provider.providerId);
}

/** Pauses with an end, and who is away by plan. */
function pauses({ source, wakeUp }: SweepParts): SweepTask {
  return async ({ providerId, profile }) => {
    await keepAway(source, providerId, profile.disabled !== undefined && profile.disabled !== null);
    if ((await endPause(source, providerId)) === 'resumed') await wakeUp.wake([providerId]);
  };
}

/** Last, so that it sees what the others found. */
function health({ source, log }: SweepParts): SweepTask {
  return async ({ providerId, profile }) => void (await watchHealth(source, providerId, profile, log));
}

function retries({ source, appender }: SweepParts): SweepTask {
  return async (provider) => void (await retryDue(source, appender, provider.providerId));
}

function replays({ source, appender, adapters, recorder }: SweepParts): SweepTask {
  return async (provider, signal) => {
    const ask = (number: number) => askAgain({ source, adapters, recorder }, provider, number, signal);
    await carryReplays(source, appender, provider.providerId, ask);
  };
}

/** How often what is over its time is erased, in milliseconds. */
const ERASE_EVERY_MS = 3_600_000;

function retention({ source, config, log }: SweepParts): SweepTask {
  const last = new Map<number, number>();
  return async ({ providerId, code }, signal) => {
    if (Date.now() - (last.get(providerId) ?? 0) < ERASE_EVERY_MS) return;
    last.set(providerId, Date.now());
    const forgotten = await forgetBatches(source, providerId, config.retention.batchDays, new Date(), signal);
    if (forgotten.batches > 0) log.info({ event: 'old batches erased', provider: code, ...forgotten });
  };
}

/** How often history that is over its time is pruned, in milliseconds: it reads the whole log. */
const PRUNE_EVERY_MS = 86_400_000;
const NOTICES_KEY = 7_203_001;

function history({ source, config, log }: SweepParts): SweepTask {
  const last = new Map<number, number>();
  const { historyDays } = config.retention;
  return async ({ providerId, code }, signal) => {
    if (Date.now() - (last.get(providerId) ?? 0) < PRUNE_EVERY_MS) return;
    last.set(providerId, Date.now());
    const now = new Date();
    const pruned = await pruneLog(source, providerId, historyDays, now, signal);
    const compacted = pruned.changes > 0 ? await compactLog(source, providerId) : [];
    if (pruned.changes + pruned.batches > 0)
      log.info({ event: 'history pruned', provider: code, ...pruned, compacted: compacted.length });
    await alone(source, NOTICES_KEY, async () => {
      await forgetNotices(source, historyDays, now);
      await forgetTasks(source, historyDays, now);
      await forgetRuns(source, historyDays, now);
      await forgetRemovals(source, historyDays, now);
      await forgetHealth(source, historyDays, now);
    });
  };
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

/** How often old callbacks are forgotten, in milliseconds. */
const FORGET_EVERY_MS = 3_600_000;

/** Whether a provider's answers are set aside repeatedly; the alert is over when it has been quiet for a while. */
function setAside({ source, alerts }: SweepParts): SweepTask {
  let forgotten = 0;
  return async ({ providerId }) => {
    const alert = { kind: 'answersSetAside', providerId, subject: 'answers' } as const;
    const text = judgeSetAside(await latelySetAside(source, providerId));
    if (text !== null) await alerts.raise({ ...alert, text });
    else await alerts.clear(alert);
    if (Date.now() - forgotten < FORGET_EVERY_MS) return;
    forgotten = Date.now();
    await forgetOldCallbacks(source);
  };
}

/** How often the brake's alerts are judged at most, in milliseconds; and so many times as rarely as it takes. */
const BRAKE_EVERY_MS = 2_000;
const BRAKE_SHARE = 20;

/** Held removals that may go, the count that the day's budget is made of, and the brake's alerts. */
function brake({ source, alerts, wakeUp, log }: SweepParts): SweepTask {
  const next = new Map<number, number>();
  return async ({ providerId, code }, signal) => {
    const released = await releaseHeld(source, providerId, signal);
    if (released > 0) {
      log.info({ event: 'held removals appended', provider: code, changes: released });
      await wakeUp.wake([providerId]);
    }
    const began = Date.now();
    if (began < (next.get(providerId) ?? 0)) return;
    await countForBrake(source, providerId);
    await watchBrake(source, alerts, providerId);
    next.set(providerId, began + Math.max(BRAKE_EVERY_MS, BRAKE_SHARE * (Date.now() - began)));
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

/** Provider codes this worker delivers to: all, or those the configuration names. */
export async function deliveredProviders(source: DataSource, wanted: readonly string[]): Promise<string[]> {
  const rows = await query<{ code: string }>(source, 'SELECT code FROM provider ORDER BY provider_id');
  const codes = rows.map((row) => row.code);
  const unknown = wanted.filter((code) => !codes.includes(code));
  if (unknown.length > 0)
    throw new Error(`SAPHAN_PROVIDERS names ${unknown.join(', ')}; known are ${codes.join(', ')}`);
  return wanted.length > 0 ? codes.filter((code) => wanted.includes(code)) : codes;
}
