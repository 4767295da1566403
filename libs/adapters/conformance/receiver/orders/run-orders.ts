// The hub as the conformance tool plays it towards a server of TMF641 service orders: subscription, cases, and their end.
import type { WebhookTransport } from '#contracts';
import { LOOPBACK_NETWORKS, PRIVATE_NETWORKS } from '../../../transports/target-guard.js';
import { FIRST_TEST_NUMBER, LEFT_OUT, NOT_TRIED, type ConformanceOptions } from '../case.js';
import type { Fault } from '../faults.js';
import { Findings, type ConformanceReport } from '../report.js';
import type { LinePool } from '../test-lines.js';
import { EventListener } from './event-listener.js';
import { good, LAST_ORDER_CASES, ORDER_CASES, type OrderCase } from './order-cases.js';
import { OrderDesk } from './order-desk.js';
import { OrderPlay } from './order-play.js';
import { ORDER_REFUSALS } from './order-refusals.js';

/** With these nothing that follows can be judged. */
const FINAL: readonly Fault[] = ['notReachable', 'noAnswer', 'goodRefused', 'orderUnusable', 'orderNeverDone'];

const NO_SUBSCRIPTION = {
  th: 'ไม่มีการสมัครรับ event ผลจึงดูจาก GET เท่านั้น',
  en: 'There is no subscription, so ends are looked up and events are not judged.',
};

/** First of all, since the events of everything after go there. */
function subscribed(callback: string): OrderCase {
  return {
    name: 'subscribed',
    about: { th: 'สมัครรับ event', en: 'POST /hub makes a subscription to order events' },
    async run(play) {
      play.subscription = await play.desk.subscribe(callback);
      if (play.subscription === null) play.findings.note(NO_SUBSCRIPTION);
    },
  };
}

const CASES: readonly OrderCase[] = [good, ...ORDER_CASES, ...ORDER_REFUSALS, ...LAST_ORDER_CASES];

/** Names of the cases, in the order in which they are run. */
export const ORDER_CASE_NAMES: readonly string[] = ['subscribed', ...CASES.map((one) => one.name)];

/** All cases against the order server of the profile. Whatever the provider does is a finding. */
export async function runOrderCases(
  options: ConformanceOptions & { transport: WebhookTransport },
  pool: LinePool,
): Promise<ConformanceReport> {
  const { transport, skip = [], progress } = options;
  const profile = { ...options.profile, transport };
  const findings = new Findings();
  const numbers = new Set<number>();
  const tell = (fault: Fault, seen: string): void => findings.fault(fault, seen);
  const at = options.listen ?? { host: '127.0.0.1', port: 0 };
  const least = options.firstNumber ?? FIRST_TEST_NUMBER;
  let firstNumber = least;
  const listener = await EventListener.open(
    {
      profile,
      secrets: () => profile.secrets.callback.flatMap((name) => options.secret(name) ?? []),
      sent: (number) => (numbers.has(number) ? 'now' : number >= least && number < firstNumber ? 'before' : 'never'),
      tell,
    },
    at,
  );
  options.listening?.(listener.port);
  const base = options.callbackBase ?? `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${listener.port}`;
  const allowedNetworks = [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS];
  const desk = new OrderDesk({ ...options, profile, allowedNetworks, tell });
  firstNumber = Math.max(least, (await desk.highest()) + 1);
  const { waitMs } = options;
  const play = new OrderPlay({ profile, pool, findings, desk, listener, numbers, waitMs, firstNumber });
  try {
    let stopped = false;
    for (const one of [subscribed(base.replace(/\/+$/, '') + listener.path), ...CASES]) {
      findings.begin(one.name, one.about);
      const cannot = stopped ? NOT_TRIED : skip.includes(one.name) ? LEFT_OUT : (one.cannot?.(play) ?? null);
      if (cannot) {
        findings.skip(cannot);
        continue;
      }
      progress?.(one.name, one.about);
      await one.run(play);
      stopped = (one === good && FINAL.some((fault) => findings.has(fault))) || findings.has('notReachable');
    }
    return {
      provider: profile.code,
      target: transport.target,
      verdict: findings.faults.length > 0 ? 'failed' : 'passed',
      cases: findings.cases,
      faults: findings.faults,
      figures: { ...desk.figures, firstNumber },
    };
  } finally {
    // A server for one listener would refuse the hub's own subscription for ever.
    if (play.subscription !== null) await desk.unsubscribe(play.subscription);
    desk.close();
    await listener.close();
  }
}
