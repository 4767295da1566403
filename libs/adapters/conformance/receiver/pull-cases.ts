// Cases against a provider that is told by a thin event and pulls its feed, and their run.
import { createHash } from 'node:crypto';
import type { WebhookTransport } from '#contracts';
import { LOOPBACK_NETWORKS, PRIVATE_NETWORKS } from '../../transports/target-guard.js';
import type { TestBatch } from '../batches.js';
import { FIRST_TEST_NUMBER, LEFT_OUT, NOT_TRIED, type ConformanceOptions } from './case.js';
import type { Fault, Words } from './faults.js';
import { CallbackListener } from './listener.js';
import { PullFeed, type Mishap } from './pull-feed.js';
import { PullPlay, type EventSpoil } from './pull-play.js';
import { Findings, type ConformanceReport } from './report.js';
import { ConformanceRefused, type LinePool } from './test-lines.js';

interface PullCase {
  name: string;
  about: Words;
  run(play: PullPlay): Promise<void>;
}

/** How long nobody should come because of an event that is not genuine, in milliseconds. */
const QUIET_MS = 500;
/** How long one that looks by itself is waited for, in milliseconds; longer pauses are no fault. */
const BY_ITSELF_MS = 1_500;
/** How much later than Retry-After is soon enough, in milliseconds. */
const LATER_SLACK_MS = 4_000;
/** Beyond the tolerance of five minutes, in seconds. */
const STALE_S = 400;

/** The secret by which the tool knows the provider's own API key at the hub. */
export function pullKeyName(code: string): string {
  return `${code.toLowerCase()}.pull.1`;
}

const good: PullCase = {
  name: 'good',
  about: { th: 'event ที่ถูกต้อง และหน้าของ feed', en: 'told by an event, it fetches the page and answers every line' },
  async run(play) {
    const opening = play.seal(play.few(), 'ADD');
    // An id that no run before had: whoever drops ids that it has seen is woken all the same.
    if (!(await play.expectTold(opening, 'eventRefused', { reminder: Math.floor(Date.now() / 1000) }))) return;
    await play.until(() => play.feed.standing !== null || play.findings.currentHas('feedKeyWrong'));
    const { standing } = play.feed;
    if (standing === null) {
      if (!play.findings.currentHas('feedKeyWrong')) play.findings.fault('notPulled', 'it was told and never asked');
      return;
    }
    if (standing.number >= opening.batch.number) play.startAt(standing.number + 1);
    const spoken = await play.expectTaken(play.seal(play.few(), 'ADD'));
    const rejected = [...(spoken?.words ?? [])].some(([, word]) => word === 'rejected');
    if (!rejected) return;
    if (play.pool.kind === 'named') play.findings.fault('testLineRejected', [...spoken!.codes.values()].join(', '));
    else
      play.findings.note({
        th: 'หมายเลขที่สร้างขึ้นถูกปฏิเสธ ซึ่งไม่ผิด ระบุ testLines เพื่อทดสอบให้ครบ',
        en: 'Invented lines were rejected, which is no fault; name testLines to test all of it.',
      });
  },
};

const compressed: PullCase = {
  name: 'gzip',
  about: { th: 'หน้าที่บีบอัด', en: 'a page compressed by gzip, for one that asks so' },
  async run(play) {
    if (!play.feed.askedForGzip)
      return play.findings.skip({
        th: 'ไม่ได้ขอ gzip',
        en: 'It does not ask for gzip; a page is a fifth as long with it.',
      });
    const { feed } = play;
    feed.gzip = true;
    const made = play.seal(play.few(), 'ADD');
    play.publish(made);
    if (!(await play.expectTold(made))) return feed.withdraw(made);
    const received = (): boolean => feed.of(made).received;
    if (!(await play.until(received))) {
      await play.tell(made, { reminder: 1 });
      // One that goes on when it is told again is looked at below; here it is about compression.
      if (!(await play.until(received))) {
        // The same without compression tells whether compression is what it does not take.
        feed.gzip = false;
        await play.tell(made, { reminder: 2 });
        if (!(await play.expectReceived(made))) return;
        play.findings.fault('gzipNotUnpacked', 'the same page was taken without compression');
      }
    }
    await play.outcomesOf(made);
  },
};

const repeated: PullCase = {
  name: 'repeated event',
  about: { th: 'event เดิมอีกครั้ง และ event เตือน', en: 'the same event again, and a reminder, are no fault of anybody' },
  async run(play) {
    const made = play.seal(play.few(), 'ADD');
    if (!(await play.expectTaken(made))) return;
    await play.expectTold(made, 'eventRepeatRefused');
    await play.expectTold(made, 'eventRepeatRefused', { reminder: 1 });
    await play.outcomesOf(made);
  },
};

const reordered: PullCase = {
  name: 'reordered events',
  about: { th: 'event สลับลำดับ', en: 'events in the wrong order: pages are read in the order of the feed' },
  async run(play) {
    const [one, two] = [play.seal(play.few(1), 'ADD'), play.seal(play.few(1), 'REMOVE')];
    play.publish(one);
    play.publish(two);
    for (const made of [two, one]) if (!(await play.expectTold(made, 'eventRefused'))) return;
    if ((await play.expectReceived(one)) && (await play.expectReceived(two)))
      for (const made of [one, two]) await play.outcomesOf(made);
  },
};

const missed: PullCase = {
  name: 'missed event',
  about: { th: 'event หาย', en: 'an event that was lost: the next one, or its own look, brings the pages by cursor' },
  async run(play) {
    const lost = [play.seal(play.few(1), 'ADD'), play.seal(play.few(1), 'REMOVE')];
    for (const made of lost) play.publish(made);
    if (!(await play.until(() => play.feed.of(lost.at(-1)!).received, BY_ITSELF_MS)))
      play.findings.note({
        th: `ไม่มาดูเองภายใน ${BY_ITSELF_MS / 1000} วินาที ซึ่งไม่ผิด แต่ควรดูเองเป็นระยะ (เช่น ทุกนาที)`,
        en: `It did not look by itself within ${BY_ITSELF_MS / 1000} s, which is no fault; let it look now and then, e.g. every minute.`,
      });
    const after = play.seal(play.few(1), 'ADD');
    play.publish(after);
    if (!(await play.expectTold(after))) return;
    for (const made of [...lost, after]) if (!(await play.expectReceived(made))) return;
    for (const made of [...lost, after]) await play.outcomesOf(made);
  },
};

/** Sends an event that is not genuine; it is to be refused, and nobody is to read because of it. */
async function expectNotWoken(play: PullPlay, spoil: EventSpoil, taken: Fault): Promise<void> {
  const { word, seen } = await play.tell(play.seal(play.few(1), 'ADD'), spoil);
  if (word === 'told') return play.findings.fault(taken, seen);
  if (word === 'refused') play.findings.fault('statusWrong', `${seen} where 401 was expected`);
}

/** Whether a request for pages comes within the quiet time. */
async function comes(play: PullPlay): Promise<boolean> {
  const before = play.feed.arrivals;
  return play.until(() => play.feed.arrivals > before, QUIET_MS);
}

/** An event that is not genuine wakes nobody. A look of its own may fall into the time, so three in a row prove it. */
async function expectQuiet(play: PullPlay): Promise<void> {
  await comes(play);
  if (await comes(play))
    return play.findings.note({
      th: 'มาดูเองถี่เกินกว่าจะบอกได้ว่า event ปลอมปลุกหรือไม่',
      en: 'It looks by itself so often that nobody can tell whether a forged event woke it.',
    });
  for (let i = 0; i < 3; i++) {
    const coming = comes(play);
    await play.tell(play.seal(play.few(1), 'ADD'), { signature: 'strange' });
    if (!(await coming)) return;
  }
  play.findings.fault('pulledUnproven', 'three times it came right after an event with a wrong signature');
}

const signatures: PullCase = {
  name: 'signatures',
  about: {
    th: 'ลายเซ็นผิด ไม่มีลายเซ็น เวลาผิด และสองลายเซ็น',
    en: 'a wrong signature, none, a wrong clock: refused, and nobody reads because of them; two signatures of which one fits: taken',
  },
  async run(play) {
    await expectNotWoken(play, { signature: 'absent' }, 'unsignedTaken');
    await expectNotWoken(play, { clockS: -STALE_S }, 'staleTaken');
    await expectNotWoken(play, { clockS: STALE_S }, 'staleTaken');
    await expectNotWoken(play, { signature: 'strange' }, 'badSignatureTaken');
    const taken: Fault[] = ['unsignedTaken', 'staleTaken', 'badSignatureTaken'];
    if (!taken.some((fault) => play.findings.currentHas(fault))) await expectQuiet(play);
    const made = play.seal(play.few(), 'ADD');
    play.publish(made);
    if (!(await play.expectTold(made, 'rotationRefused', { signature: 'rotating' }))) return play.feed.withdraw(made);
    if (await play.expectReceived(made)) await play.outcomesOf(made);
  },
};

const broken: PullCase = {
  name: 'broken page',
  about: {
    th: 'หน้าขาดกลางทาง ไม่มีบรรทัดสุดท้าย หรือมีหลักหนึ่งผิดไป',
    en: 'a page cut off in the middle, without its last line, with one digit changed: fetched again, resumed or anew',
  },
  async run(play) {
    for (const mishap of ['cut', 'damaged', 'short'] as const) {
      const made = play.seal(play.few(), 'ADD');
      play.publish(made, [mishap]);
      if (!(await play.expectTold(made))) return play.feed.withdraw(made);
      if (!(await play.expectReceived(made, 'brokenPageLost', 'note'))) return;
      // What it made of a broken page is not looked at, nor of others: that it took one was told.
      if (play.findings.currentHas('brokenPageTaken')) return;
      await play.outcomesOf(made);
    }
  },
};

const later: PullCase = {
  name: 'later',
  about: { th: '503 และ 429 พร้อม Retry-After', en: '503 and 429 with Retry-After: it comes again, and not before' },
  async run(play) {
    const mishaps: Exclude<Mishap, string>[] = [
      { status: 503, retryAfterS: 2 },
      { status: 429, retryAfterS: 1 },
    ];
    const made = play.seal(play.few(), 'ADD');
    play.publish(made, mishaps);
    if (!(await play.expectTold(made))) return play.feed.withdraw(made);
    const enoughMs = mishaps.reduce((all, one) => all + one.retryAfterS * 1000, LATER_SLACK_MS);
    await play.until(() => play.feed.of(made).received, enoughMs);
    if (await play.expectReceived(made, 'laterGivenUp', 'note')) await play.outcomesOf(made);
  },
};

const furtherMembers: PullCase = {
  name: 'further members',
  about: { th: 'มีช่องที่ไม่รู้จัก', en: 'members that nobody knows yet, in the event and on the page, are passed over' },
  async run(play) {
    const made = play.seal(play.few(), 'ADD');
    play.publish(made, [], pageWithFurtherMembers(made));
    if (!(await play.expectTold(made, 'unknownFieldRefused', { further: true }))) return play.feed.withdraw(made);
    if (await play.expectReceived(made, 'unknownFieldRefused')) await play.outcomesOf(made);
  },
};

function pageWithFurtherMembers(made: TestBatch): Buffer {
  const rows = made.parts[0]!.bytes.toString().trimEnd().split('\n');
  const read = rows.map((row) => JSON.parse(row) as Record<string, unknown>);
  const body = read
    .slice(0, -1)
    .map(
      (row, i) => `${JSON.stringify({ ...row, ...(i === 0 ? { contract: '1.9' } : {}), later: { any: ['thing'] } })}\n`,
    )
    .join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return Buffer.from(`${body}${JSON.stringify({ ...read.at(-1), sha256, later: true })}\n`);
}

const callbackAgain: PullCase = {
  name: 'callback again',
  about: { th: 'callback ที่ถูกตอบ 503 มาใหม่', en: 'a callback that was answered 503 comes again' },
  async run(play) {
    const made = play.seal(play.few(), 'ADD');
    const { number } = made.batch;
    play.listener.answerLater(number);
    play.publish(made);
    if (!(await play.expectTold(made)) || !(await play.expectReceived(made))) return;
    await play.until(() => play.listener.afterLater(number) === 'cameAgain');
    if (play.listener.afterLater(number) === 'lost')
      return play.findings.fault('callbackNotRepeated', 'no second try within the time waited');
    await play.outcomesOf(made);
  },
};

const removal: PullCase = {
  name: 'removal',
  about: { th: 'ลบสิ่งที่มีและสิ่งที่ไม่มี', en: 'removal of what is there, and of what is not' },
  async run(play) {
    if (!(await play.expectTaken(play.seal(play.few(), 'ADD')))) return;
    for (const there of [true, false]) {
      const spoken = await play.expectTaken(play.seal(play.few(), 'REMOVE'));
      const word = spoken && [...spoken.words.values()].find((one) => one === 'rejected' || one === 'retryLater');
      if (word && !(there && play.pool.kind === 'invented'))
        play.findings.fault(
          'removalRejected',
          `${there ? 'what was there' : 'what was not there'} came back as ${word}`,
        );
    }
  },
};

const large: PullCase = {
  name: 'large page',
  about: { th: 'หน้าใหญ่เท่า maxLines แล้วลบทั้งหมด', en: 'a page with as many lines as maxLines allows, and their removal' },
  async run(play) {
    const subjects = play.pool.many(play.profile.maxLines);
    if (await play.expectTaken(play.seal(subjects, 'ADD'), 'largeRefused'))
      await play.expectTaken(play.seal(subjects, 'REMOVE'), 'largeRefused');
  },
};

const fullList: PullCase = {
  name: 'full list',
  about: { th: 'รายการเต็มสามหน้า แทนที่ทุกอย่าง', en: 'a full list on three pages replaces everything' },
  async run(play) {
    const [off] = play.few(1);
    if (!(await play.expectTaken(play.seal([off!], 'ADD')))) return;
    const on = play.pool.many(5, 1);
    if (!(await play.expectTaken(play.seal(on, 'ADD', 'full', 3), 'fullListRefused'))) return;
    const remove = async (): Promise<string | undefined> =>
      (await play.expectTaken(play.seal([off!], 'REMOVE')))?.words.get(1);
    const [first, second] = [await remove(), await remove()];
    if (play.pool.subjects.length > 1 && first === 'applied' && second === 'already')
      play.findings.fault('fullListNotRemoved', 'the removal of a line that the full list did not name was "applied"');
    await play.expectTaken(play.seal(on, 'REMOVE'));
  },
};

const erased: PullCase = {
  name: 'erased',
  about: { th: 'หน้าที่ถูกลบ (410) นำไปสู่รายการเต็ม', en: 'a page that was erased (410) leads to the full list' },
  async run(play) {
    const gone = play.seal(play.few(1), 'ADD');
    const list = play.seal(play.few(), 'ADD', 'full');
    play.publish(gone, ['erased']);
    play.publish(list);
    play.feed.fullList = { made: list, after: { number: gone.batch.number, part: 1 } };
    if (!(await play.expectTold(list))) return;
    const received = await play.expectReceived(list, 'erasedNotFollowed');
    play.feed.withdraw(gone);
    if (received) await play.outcomesOf(list);
  },
};

const tidy: PullCase = {
  name: 'tidy',
  about: { th: 'ลบหมายเลขทดสอบทั้งหมด', en: 'all test lines are removed again' },
  async run(play) {
    await play.expectTaken(play.seal(play.pool.subjects, 'REMOVE'));
  },
};

const CASES: readonly PullCase[] = [
  good,
  compressed,
  repeated,
  reordered,
  missed,
  signatures,
  broken,
  later,
  furtherMembers,
  callbackAgain,
  removal,
  large,
  fullList,
  erased,
  tidy,
];

/** Names of the cases, for `--skip`. */
export const PULL_CASE_NAMES: readonly string[] = CASES.map((one) => one.name);

/** All cases against a receiver that pulls. Whatever the provider does is a finding. */
export async function runPullCases(
  options: ConformanceOptions & { transport: WebhookTransport },
  pool: LinePool,
): Promise<ConformanceReport> {
  const { profile, transport, skip = [], progress, listen = { host: '127.0.0.1', port: 0 } } = options;
  const key = options.secret(pullKeyName(profile.code));
  if (key === undefined) {
    throw new ConformanceRefused({
      th: `ไม่มีคีย์ที่ผู้ให้บริการใช้อ่าน feed ให้ใส่เป็น "${pullKeyName(profile.code)}"`,
      en: `The key that the provider reads its feed with is absent; give it as "${pullKeyName(profile.code)}".`,
    });
  }
  const findings = new Findings();
  const tell = (fault: Fault, seen: string): void => findings.fault(fault, seen);
  const numbers = new Set<number>();
  const feed = new PullFeed(profile.code, key, tell);
  // Until the first case runs nothing is judged: it may have been asking for minutes.
  findings.begin(good.name, good.about);
  const listener = await CallbackListener.open(
    profile,
    listen,
    () => profile.secrets.callback.flatMap((name) => options.secret(name) ?? []),
    (number) => numbers.has(number),
    tell,
    (request, response) => feed.answer(request, response),
  );
  options.listening?.(listener.port);
  const play = new PullPlay({
    profile: { ...profile, transport },
    secret: options.secret,
    allowedNetworks: [...LOOPBACK_NETWORKS, ...PRIVATE_NETWORKS],
    ...(options.ca ? { ca: options.ca } : {}),
    pool,
    findings,
    numbers,
    listener,
    feed,
    address: `http://${listen.host}:${listener.port}`,
    waitMs: options.waitMs,
  });
  const firstNumber = options.firstNumber ?? FIRST_TEST_NUMBER;
  play.startAt(firstNumber);
  try {
    let stopped = false;
    for (const one of CASES) {
      if (one !== good) findings.begin(one.name, one.about);
      const not = stopped ? NOT_TRIED : skip.includes(one.name) ? LEFT_OUT : null;
      if (not) {
        findings.skip(not);
        continue;
      }
      progress?.(one.name, one.about);
      await one.run(play);
      const hopeless = one === good && findings.faults.length > 0 && !findings.has('testLineRejected');
      stopped = hopeless || play.stuck || findings.has('notReachable');
    }
    return {
      provider: profile.code,
      target: transport.target,
      verdict: findings.faults.length > 0 ? 'failed' : 'passed',
      cases: findings.cases,
      faults: findings.faults,
      figures: { ...play.figures, firstNumber: Math.min(...numbers, ...(numbers.size === 0 ? [firstNumber] : [])) },
    };
  } finally {
    feed.close();
    play.close();
    await listener.close();
  }
}
