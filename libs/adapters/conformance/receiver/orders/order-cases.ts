// Cases about service orders that are right: taken once, found, told of, changed and ended by the provider's own id.
import { randomUUID } from 'node:crypto';
import type { LineOutcome } from '#contracts';
import { NEEDS_TWO_LINES } from '../case.js';
import type { Words } from '../faults.js';
import type { Subject } from '../test-lines.js';
import type { Ended, OrderPlay } from './order-play.js';

/** A number that no run reaches. */
const NEVER_SENT = 999_999_999;
/** How long an event to a subscription that was ended is waited for, in milliseconds. */
const LATE_MS = 400;

export interface OrderCase {
  name: string;
  about: Words;
  /** Why it cannot be tried with this profile or these lines; null when it can. */
  cannot?(play: OrderPlay): Words | null;
  run(play: OrderPlay): Promise<void>;
}

export const good: OrderCase = {
  name: 'good',
  about: { th: 'คำสั่งที่ถูกต้อง', en: 'an order that is right is taken, every item is answered, and an event tells it' },
  async run(play) {
    const ended = await play.expectDone(play.order(play.few(), 'ADD'), 'goodRefused');
    const codes = [...(ended?.words.values() ?? [])].flatMap((one) => (one.outcome === 'rejected' ? [one.code] : []));
    if (codes.length === 0) return;
    if (play.pool.kind === 'named') return play.findings.fault('testLineRejected', codes.join(', '));
    play.findings.note({
      th: `หมายเลขที่สร้างขึ้นถูกปฏิเสธ (${codes[0]}) ซึ่งไม่ผิด ระบุ testLines เพื่อทดสอบให้ครบ`,
      en: `Invented lines were rejected (${codes[0]}), which is no fault; name testLines to test all of it.`,
    });
  },
};

const asked: OrderCase = {
  name: 'asked',
  about: { th: 'หาด้วย externalId', en: 'an order is found by its externalId, and one that was never sent is not' },
  async run(play) {
    const made = play.order(play.few(), 'ADD');
    const answered = await play.send(made);
    if (answered.word !== 'taken') return play.tellNotTaken(answered, 'goodRefused');
    // At once, not only when it is done: after a lost answer this is all that keeps it from being ordered twice.
    await expectFound(play, made.batch.number, answered.order!.id);
    await play.endOf(made, answered.order!);
    const never = await play.desk.lookUp(NEVER_SENT);
    if (never && never.length > 0) play.findings.fault('orderInvented', `${never.length} orders were found`);
  },
};

async function expectFound(play: OrderPlay, number: number, id: string | null): Promise<void> {
  const found = await play.desk.lookUp(number);
  if (!found) return;
  if (found.length === 0) return play.findings.fault('orderNotFound', 'the look-up finds none');
  if (new Set(found).size > 1)
    return play.findings.fault('orderTakenTwice', `${found.length} orders of one externalId`);
  if (id !== null && found[0] !== id) play.findings.fault('orderNotFound', 'the look-up finds another order');
}

const repeated: OrderCase = {
  name: 'repeated',
  about: { th: 'externalId เดิมอีกครั้ง', en: 'the same externalId again is 409, or the order that is there' },
  async run(play) {
    const made = play.order(play.few(), 'ADD');
    const ended = await play.expectDone(made, 'goodRefused');
    if (!ended) return;
    const again = await play.send(made);
    if (again.word === 'taken' && again.order!.id !== ended.id)
      return play.findings.fault('orderTakenTwice', `${again.seen} with another id`);
    if (again.word === 'refused' || (again.word === 'nonsense' && (again.status ?? 0) >= 300))
      return play.findings.fault('statusWrong', `${again.seen} where 409 was expected`);
    if (again.word === 'conflict' || again.word === 'taken') await expectFound(play, made.batch.number, ended.id);
  },
};

const reordered: OrderCase = {
  name: 'reordered',
  about: { th: 'หลายคำสั่งพร้อมกัน สลับลำดับ', en: 'several orders at once, the highest number first, are all done' },
  cannot: (play) => (play.pool.subjects.length > 1 ? null : NEEDS_TWO_LINES),
  async run(play) {
    const count = Math.min(play.profile.maxInFlight, play.pool.subjects.length);
    const made = play.few(count).map((one) => play.order([one], 'ADD'));
    const backwards = made.toReversed();
    const answers = await Promise.all(backwards.map((one) => play.send(one)));
    for (const [i, answered] of answers.entries()) {
      if (answered.word === 'taken') await play.endOf(backwards[i]!, answered.order!);
      else play.tellNotTaken(answered, 'orderRefused');
    }
  },
};

/** A subject of which the provider holds nothing: a named line, under a ref and an id that nobody gave. */
function stranger(play: OrderPlay): { subject: Subject; handle: string } {
  const subject = { ...play.few(1)[0]!, ref: randomUUID() };
  play.strays.push(subject);
  return { subject, handle: `svc-${randomUUID()}` };
}

/** The word on a modify of what is not there: null when it is right. */
function judgeAbsentModify(play: OrderPlay, word: LineOutcome | undefined): void {
  if (!word) return;
  if (word.outcome === 'applied' || word.outcome === 'already')
    play.findings.fault('absentModifyCompleted', 'it came back as completed');
  else if (word.handle !== null)
    play.findings.fault('serviceNotFoundUnsaid', `it failed with ${word.code ?? 'no code'}`);
}

const partial: OrderCase = {
  name: 'partial',
  about: { th: 'item หนึ่งดี อีก item ไม่ได้', en: 'an order of which one item is done and another fails is partial' },
  async run(play) {
    const number = play.nextNumber();
    const { subject, handle } = stranger(play);
    const [absent] = play.lines([subject], 'ADD', number);
    const [one] = play.lines(play.few(1), 'ADD', number);
    const made = play.seal(number, [one!, { ...absent!, seq: absent!.seq + 1, handle }]);
    const ended = await play.expectDone(made, 'partialRefused');
    if (!ended) return;
    const [first, second] = [ended.words.get(1), ended.words.get(2)];
    judgeAbsentModify(play, second);
    const bothDone = second?.outcome === 'applied' || second?.outcome === 'already';
    if (
      first?.outcome !== 'rejected' &&
      first?.outcome !== 'retryLater' &&
      second &&
      !bothDone &&
      ended.state !== 'partial'
    )
      play.findings.fault('partialNotSaid', `the order says ${ended.state}`);
  },
};

const change: OrderCase = {
  name: 'change',
  about: { th: 'แก้สิ่งที่มีและสิ่งที่ไม่มี', en: 'a change of what is there keeps its id; of what is not: SERVICE_NOT_FOUND' },
  async run(play) {
    // Twice, so that the second is a change by the id that the first told; with another package it is one for good.
    if (!(await play.expectDone(play.order(play.few(1), 'ADD'), 'goodRefused'))) return;
    const number = play.nextNumber();
    const lines = play.lines(play.few(1), 'ADD', number).map((line) => ({ ...line, to: '2020-07-31' }));
    if (!(await play.expectDone(play.seal(number, lines), 'goodRefused'))) return;
    const { subject, handle } = stranger(play);
    const next = play.nextNumber();
    const absent = play.lines([subject], 'ADD', next).map((line) => ({ ...line, handle }));
    const ended = await play.expectDone(play.seal(next, absent), 'goodRefused');
    judgeAbsentModify(play, ended?.words.get(1));
  },
};

const removal: OrderCase = {
  name: 'removal',
  about: {
    th: 'ลบด้วย service.id และลบสิ่งที่ไม่มี',
    en: 'removal by the id told, and of what is not there, by id and by line',
  },
  async run(play) {
    const subjects = play.few();
    if (!(await play.expectDone(play.order(subjects, 'ADD'), 'goodRefused'))) return;
    const handles = new Map(subjects.map(({ ref }) => [ref, play.handles.get(ref) ?? null]));
    const there = await play.expectDone(play.order(subjects, 'REMOVE'), 'goodRefused');
    const kept = there && failure(there);
    if (kept && play.pool.kind === 'named') play.findings.fault('deleteNotDone', `it came back as ${kept}`);
    if (!there || kept) return;
    for (const by of ['id', 'line'] as const) {
      const number = play.nextNumber();
      const lines = play
        .lines(subjects, 'REMOVE', number)
        .map((line) => ({ ...line, handle: by === 'id' ? (handles.get(line.ref) ?? null) : null }));
      const gone = await play.expectDone(play.seal(number, lines), 'goodRefused');
      const word = gone && failure(gone);
      if (word) play.findings.fault('absentDeleteRejected', `by ${by}: it came back as ${word}`);
    }
  },
};

/** The first word that is neither done nor needless, with its code. */
function failure({ words }: Ended): string | null {
  const one = [...words.values()].find(({ outcome }) => outcome === 'rejected' || outcome === 'retryLater');
  return one ? `${one.outcome} ${one.code ?? ''}`.trim() : null;
}

const large: OrderCase = {
  name: 'large',
  about: { th: 'ใหญ่เท่า maxLines แล้วลบทั้งหมด', en: 'as many items as maxLines allows, and their removal by their ids' },
  async run(play) {
    const { maxLines } = play.profile;
    const subjects = play.pool.many(maxLines);
    if (play.pool.kind === 'named' && maxLines > play.pool.subjects.length) {
      play.findings.note({
        th: `หมายเลขทดสอบ ${play.pool.subjects.length} หมายเลขถูกใช้ซ้ำใต้ ref อื่น ไม่มีหมายเลขอื่นถูกส่ง`,
        en: `The ${play.pool.subjects.length} named lines came again and again under other refs; no other line was sent.`,
      });
    }
    if (await play.expectDone(play.order(subjects, 'ADD'), 'largeOrderRefused'))
      await play.expectDone(play.order(subjects, 'REMOVE'), 'largeOrderRefused');
  },
};

const unsubscribed: OrderCase = {
  name: 'unsubscribed',
  about: { th: 'ลบการสมัครรับ event', en: 'a subscription that is deleted gets no event, and orders are looked up' },
  cannot: (play) =>
    play.subscription === null ? { th: 'ไม่มีการสมัครที่จะลบ', en: 'There is no subscription to delete.' } : null,
  async run(play) {
    const status = await play.desk.unsubscribe(play.subscription!);
    if (status === null || status < 200 || status > 299)
      return play.findings.fault('hubNotDeleted', `status ${status ?? 'absent'}`);
    play.subscription = null;
    play.listener.end();
    if (!(await play.expectDone(play.order(play.few(1), 'ADD'), 'goodRefused'))) return;
    await play.listener.until(() => play.listener.late.length > 0, LATE_MS);
    if (play.listener.late.length > 0) play.findings.fault('eventAfterEnd', 'an event came after DELETE /hub/{id}');
  },
};

const tidy: OrderCase = {
  name: 'tidy',
  about: { th: 'ลบหมายเลขทดสอบทั้งหมด', en: 'all test lines are removed again' },
  async run(play) {
    const strays = play.strays.filter(({ ref }) => play.handles.has(ref));
    await play.expectDone(play.order([...play.pool.subjects, ...strays], 'REMOVE'), 'goodRefused');
  },
};

export const ORDER_CASES: readonly OrderCase[] = [asked, repeated, reordered, partial, change, removal];
export const LAST_ORDER_CASES: readonly OrderCase[] = [large, unsubscribed, tidy];
