// Plays the hub against one provider's receiver, all cases one after another, and reports in words what is wrong.
import { LOOPBACK_NETWORKS, PRIVATE_NETWORKS } from '../../transports/target-guard.js';
import { judgeHighest } from '../../exchange/judge-answer.js';
import { FIRST_TEST_NUMBER, LEFT_OUT, NOT_TRIED, type ConformanceOptions, type ReceiverCase } from './case.js';
import { BULK_CASES, DELIVERY_CASES, good } from './delivery-cases.js';
import type { Fault } from './faults.js';
import { runFileCases } from './file-cases.js';
import { CallbackListener } from './listener.js';
import { ORDER_CASE_NAMES, runOrderCases } from './orders/run-orders.js';
import { Play } from './play.js';
import { runPullCases } from './pull-cases.js';
import { REFUSAL_CASES } from './refusal-cases.js';
import { Findings, type ConformanceReport } from './report.js';
import { ConformanceRefused, LinePool } from './test-lines.js';

/** With these nothing that follows can be judged. */
const FINAL: readonly Fault[] = ['notReachable', 'noAnswer', 'goodRefused', 'answerNotContract'];

const tidy: ReceiverCase = {
  name: 'tidy',
  about: { th: 'ลบหมายเลขทดสอบทั้งหมด', en: 'all test lines are removed again' },
  async run(play) {
    await play.expectTaken(play.batch(play.pool.subjects, 'REMOVE'), 'goodRefused');
  },
};

const CASES: readonly ReceiverCase[] = [good, ...DELIVERY_CASES, ...REFUSAL_CASES, ...BULK_CASES, tidy];

/** Names of the cases, for `--skip`. */
export const CASE_NAMES: readonly string[] = [...new Set([...CASES.map((one) => one.name), ...ORDER_CASE_NAMES])];

/**
 * Throws `ConformanceRefused` before anything is sent when this profile may not, or cannot, be tested. Whatever the
 * receiver does is a finding, never an error.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { profile } = options;
  const { transport } = profile;
  const pool = LinePool.of(profile, transport.kind === 'webhook' ? new URL(transport.target).hostname : transport.host);
  if (transport.kind === 'sftp') return runFileCases({ ...options, transport }, pool);
  if (profile.format === 'thin') return runPullCases({ ...options, transport }, pool);
  if (profile.format === 'tmf641') return runOrderCases({ ...options, transport }, pool);
  if (profile.format !== 'cloudevents') {
    throw new ConformanceRefused({
      th: `เครื่องมือนี้ทดสอบ webhook ของสัญญาหลักและไฟล์ ยังไม่ทดสอบรูปแบบ "${profile.format}"`,
      en: `This tool tests the feed contract's webhook and files; the format "${profile.format}" is tested with the hub's own simulator and saphan provider test.`,
    });
  }
  const findings = new Findings();
  const numbers = new Set<number>();
  const listener =
    profile.acknowledgement === 'callback'
      ? await CallbackListener.open(
          profile,
          options.listen ?? { host: '127.0.0.1', port: 0 },
          () => profile.secrets.callback.flatMap((name) => options.secret(name) ?? []),
          (number) => numbers.has(number),
          (fault, seen) => findings.fault(fault, seen),
        )
      : null;
  if (listener) options.listening?.(listener.port);
  const play = new Play({
    profile: { ...profile, transport },
    secret: options.secret,
    allowedNetworks: [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS],
    ...(options.ca ? { ca: options.ca } : {}),
    pool,
    findings,
    numbers,
    listener,
    waitMs: options.waitMs,
    firstNumber: options.firstNumber ?? FIRST_TEST_NUMBER,
  });
  try {
    const firstNumber = await startNumber(play, options.firstNumber ?? FIRST_TEST_NUMBER);
    await runCases(play, options);
    const verdict = findings.faults.length > 0 ? 'failed' : 'passed';
    return {
      provider: profile.code,
      target: transport.target,
      verdict,
      cases: findings.cases,
      faults: findings.faults,
      figures: { ...play.figures, firstNumber },
    };
  } finally {
    play.close();
    await listener?.close();
  }
}

/** After the last run's numbers, when the receiver can tell them. */
async function startNumber(play: Play, least: number): Promise<number> {
  const highest = play.profile.canBeAsked ? judgeHighest(await play.ask('/whitelist/state'), play.profile.code) : null;
  const first = Math.max(least, (highest?.said === 'number' ? highest.number : 0) + 1);
  play.startAt(first);
  return first;
}

async function runCases(play: Play, { skip = [], progress }: ConformanceOptions): Promise<void> {
  const { findings } = play;
  let stopped = false;
  for (const one of CASES) {
    findings.begin(one.name, one.about);
    if (stopped) {
      findings.skip(NOT_TRIED);
      continue;
    }
    const cannot = skip.includes(one.name) ? LEFT_OUT : (one.cannot?.(play) ?? null);
    if (cannot) {
      findings.skip(cannot);
      continue;
    }
    progress?.(one.name, one.about);
    await one.run(play);
    stopped = (one === good && FINAL.some((fault) => findings.has(fault))) || findings.has('notReachable');
  }
}
