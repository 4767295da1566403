// Cases about batches that are right: good, asked for, repeated, reordered, removed, large.
import type { Exchange } from '../../transports/webhook.js';
import { readObject } from '../../formats/outcomes-json.js';
import { AnswerNotUsable } from '../../formats/reading.js';
import type { TestBatch } from '../batches.js';
import { few, NEEDS_TWO_LINES, NOT_ASKED, type ReceiverCase } from './case.js';
import type { Fault } from './faults.js';
import type { SpokenOutcomes } from './judge-outcomes.js';
import type { Play } from './play.js';
import { linesFor, type Subject } from './test-lines.js';

/** A number that no run reaches. */
const NEVER_SENT = 999_999_999;
/** Above this a body is gzipped; lines of about 190 bytes. */
const LINES_FOR_GZIP = 40;

/** The answer to a question as an object; told as a fault when it is none. */
function answerTo(play: Play, exchange: Exchange, otherwise: Fault): Record<string, unknown> | null {
  if (exchange.end !== 'answered') {
    play.findings.fault(exchange.end === 'unclear' ? 'noAnswer' : 'notReachable', exchange.detail);
    return null;
  }
  if (exchange.status !== 200) {
    play.findings.fault(otherwise, `status ${exchange.status}`);
    return null;
  }
  try {
    return readObject(exchange.body);
  } catch (error) {
    if (!(error instanceof AnswerNotUsable)) throw error;
    play.findings.fault('answerNotContract', `status 200: ${error.message}`);
    return null;
  }
}

/** Asks for a batch that was taken; its hash must be the one of the bytes that were sent. */
export async function expectStatus(play: Play, made: TestBatch): Promise<void> {
  const answer = answerTo(play, await play.ask(`/whitelist/batches/${made.batch.number}`), 'statusUnknown');
  if (!answer) return;
  const { batch, state, sha256 } = answer;
  if (batch !== made.batch.number || (state !== 'received' && state !== 'applied'))
    return play.findings.fault('answerNotContract', '"batch" or "state" of the status query is absent or wrong');
  play.expectHash(sha256, [made.batch.sha256]);
}

/** Lines that the provider named itself are not to be rejected; invented ones it may not know. */
function lookAtRejections(play: Play, spoken: SpokenOutcomes): void {
  const codes = [...spoken.codes].filter(([n]) => spoken.words.get(n) === 'rejected').map(([, code]) => code);
  if (codes.length === 0) return;
  if (play.pool.kind === 'named') return play.findings.fault('testLineRejected', [...new Set(codes)].join(', '));
  play.findings.note({
    th: `หมายเลขที่สร้างขึ้นถูกปฏิเสธ (${codes[0]}) ซึ่งไม่ผิด ระบุ testLines เพื่อทดสอบให้ครบ`,
    en: `Invented lines were rejected (${codes[0]}), which is no fault; name testLines to test all of it.`,
  });
}

export const good: ReceiverCase = {
  name: 'good',
  about: { th: 'ชุดข้อมูลที่ถูกต้อง', en: 'a batch that is right is taken, and every line is answered' },
  async run(play) {
    const spoken = await play.expectTaken(play.batch(few(play), 'ADD'), 'goodRefused');
    if (spoken) lookAtRejections(play, spoken);
  },
};

const asked: ReceiverCase = {
  name: 'asked',
  about: { th: 'ถามสถานะและหมายเลขสูงสุด', en: 'status of a batch, of a number never sent, and the highest number' },
  cannot: (play) => (play.profile.canBeAsked ? null : NOT_ASKED),
  async run(play) {
    const made = play.batch(few(play), 'ADD');
    if (!(await play.expectTaken(made, 'goodRefused'))) return;
    await expectStatus(play, made);
    const never = await play.ask(`/whitelist/batches/${NEVER_SENT}`);
    if (never.end !== 'answered') play.findings.fault('noAnswer', never.detail);
    else if (never.status === 404 && never.body.subarray(0, 64).toString().trimStart().startsWith('<'))
      play.findings.fault('answerNotContract', 'status 404 with a page of HTML is what a wrong address gives');
    else if (never.status === 200 && answerTo(play, never, 'statusInvented') === null) return;
    else if (never.status !== 404) play.findings.fault('statusInvented', `status ${never.status}`);
    const state = answerTo(play, await play.ask('/whitelist/state'), 'highestWrong');
    if (!state) return;
    const { provider, highestBatch } = state;
    if (provider !== play.profile.code || highestBatch !== play.highest)
      play.findings.fault('highestWrong', '"provider" or "highestBatch" is not what was sent in this run');
  },
};

const repeated: ReceiverCase = {
  name: 'repeated',
  about: { th: 'หมายเลขเดิม ไบต์เดิม', en: 'the same number with the same bytes is known, not taken again' },
  async run(play) {
    const made = play.batch(few(play), 'ADD');
    if (!(await play.expectTaken(made, 'goodRefused'))) return;
    play.expectKnown(await play.send(made), [made.batch.sha256], 'repeatedTakenAgain');
  },
};

const otherContent: ReceiverCase = {
  name: 'other content',
  about: { th: 'หมายเลขเดิม เนื้อหาอื่น', en: 'a known number with other content changes nothing' },
  async run(play) {
    const made = play.batch(few(play), 'ADD');
    if (!(await play.expectTaken(made, 'goodRefused'))) return;
    const { number } = made.batch;
    const other = play.seal(number, linesFor(few(play, 1), 'REMOVE', number));
    // One that takes known numbers again shows it here too; that was told by the case before.
    const answered = await play.send(other);
    if (answered.word === 'taken' && play.findings.has('repeatedTakenAgain')) return;
    play.expectKnown(answered, [made.batch.sha256], 'otherBytesTaken');
  },
};

const reordered: ReceiverCase = {
  name: 'reordered',
  about: { th: 'สองชุดมาสลับลำดับ', en: 'two batches that arrive in the wrong order are both answered' },
  cannot: (play) => (play.pool.subjects.length > 1 ? null : NEEDS_TWO_LINES),
  async run(play) {
    const [one, two] = few(play);
    const early = play.batch([one!], 'ADD');
    const late = play.batch([two!], 'ADD');
    const answers = [await play.send(late), await play.send(early)];
    for (const [i, answered] of answers.entries()) {
      const made = i === 0 ? late : early;
      if (answered.word === 'taken') continue;
      if (answered.word !== 'none' && answered.status !== 200)
        play.findings.fault(
          'orderRefused',
          `batch ${made === late ? 'with the higher' : 'with the lower'} number: ${answered.seen}`,
        );
      return;
    }
    // A provider that applies in number order may answer the early comer only when the gap is closed.
    if (play.profile.acknowledgement === 'response' && play.profile.appliesInOrder && !answers[0]!.answer['outcomes'])
      return void (await play.outcomesOf(early, answers[1]!));
    await play.outcomesOf(late, answers[0]!);
    await play.outcomesOf(early, answers[1]!);
  },
};

const olderLater: ReceiverCase = {
  name: 'older change later',
  about: { th: 'การเปลี่ยนแปลงเก่ามาทีหลัง', en: 'an older change of the same line that comes later does not win' },
  cannot: (play) =>
    play.profile.appliesInOrder
      ? null
      : {
          th: 'โปรไฟล์ไม่ได้ระบุว่าใช้ตามลำดับ ศูนย์กลางจึงไม่ส่งสองการเปลี่ยนแปลงของบรรทัดเดียวพร้อมกัน',
          en: 'The profile does not say that it applies in order, so the hub never has two changes of one line on the way.',
        },
  async run(play) {
    const [one] = few(play, 1);
    const add = play.batch([one!], 'ADD');
    const remove = play.batch([one!], 'REMOVE');
    const first = await play.send(remove);
    const second = await play.send(add);
    if (first.word !== 'taken' || second.word !== 'taken') return;
    await play.outcomesOf(remove, first);
    await play.outcomesOf(add, second);
    const again = await play.expectTaken(play.batch([one!], 'REMOVE'), 'goodRefused');
    if (again?.words.get(1) === 'applied')
      play.findings.fault('olderAppliedOverNewer', 'a line removed by a newer change was there after an older one');
  },
};

const removal: ReceiverCase = {
  name: 'removal',
  about: { th: 'ลบสิ่งที่มีและสิ่งที่ไม่มี', en: 'removal of what is there, and of what is not' },
  async run(play) {
    const subjects = few(play);
    if (!(await play.expectTaken(play.batch(subjects, 'ADD'), 'goodRefused'))) return;
    for (const there of [true, false]) {
      const spoken = await play.expectTaken(play.batch(subjects, 'REMOVE'), 'goodRefused');
      const word = spoken && [...spoken.words.values()].find((one) => one === 'rejected' || one === 'retryLater');
      if (word && !(there && play.pool.kind === 'invented'))
        play.findings.fault(
          'removalRejected',
          `${there ? 'what was there' : 'what was not there'} came back as ${word}`,
        );
    }
  },
};

/** As many of the subjects as fit into the longest body of the profile. */
function largest(play: Play, subjects: readonly Subject[]): TestBatch {
  const number = play.nextNumber();
  const whole = play.batch(subjects, 'ADD', number);
  const most = play.profile.maxBytes ?? Infinity;
  const { length } = whole.parts[0]!.bytes;
  if (length <= most) return whole;
  // Lines are of much the same length; a hundredth less makes up for the digits of the positions.
  return play.batch(
    subjects.slice(0, Math.max(1, Math.floor((subjects.length * most * 0.99) / length))),
    'ADD',
    number,
  );
}

const large: ReceiverCase = {
  name: 'large',
  about: { th: 'ใหญ่เท่า maxLines แล้วลบทั้งหมด', en: 'as many lines as maxLines allows, and their removal' },
  async run(play) {
    const { maxLines } = play.profile;
    const subjects = play.pool.many(maxLines);
    if (play.pool.kind === 'named' && maxLines > play.pool.subjects.length) {
      play.findings.note({
        th: `หมายเลขทดสอบ ${play.pool.subjects.length} หมายเลขถูกใช้ซ้ำใต้ ref อื่น ไม่มีหมายเลขอื่นถูกส่ง`,
        en: `The ${play.pool.subjects.length} named lines came again and again under other refs; no other line was sent.`,
      });
    }
    const made = largest(play, subjects);
    const spoken = await play.expectTaken(made, 'largeRefused');
    if (!spoken) return;
    if (play.profile.canBeAsked) await expectStatus(play, made);
    await play.expectTaken(play.batch(subjects.slice(0, made.lines.length), 'REMOVE'), 'largeRefused');
  },
};

const compressed: ReceiverCase = {
  name: 'gzip',
  about: { th: 'body ที่บีบอัด', en: 'a body compressed by gzip' },
  cannot: (play) =>
    play.profile.transport.gzip
      ? null
      : { th: 'โปรไฟล์ระบุว่าไม่บีบอัด', en: 'The profile says that bodies are not compressed.' },
  async run(play) {
    const subjects = play.pool.many(Math.min(LINES_FOR_GZIP, play.profile.maxLines));
    const made = play.batch(subjects, 'ADD');
    const answered = await play.send(made);
    if (answered.word === 'taken') {
      await play.outcomesOf(made, answered);
    } else if (answered.word !== 'none') {
      // The same without compression tells whether compression is what it does not take.
      const plain = await play.send(made, { plain: true });
      play.findings.fault(plain.word === 'taken' ? 'gzipRefused' : 'goodRefused', answered.seen);
      if (plain.word !== 'taken') return;
      await play.outcomesOf(made, plain);
    } else return;
    await play.expectTaken(play.batch(subjects, 'REMOVE'), 'goodRefused');
  },
};

const fullList: ReceiverCase = {
  name: 'full list',
  about: {
    th: 'รายการเต็มสามส่วน แทนที่ทุกอย่าง',
    en: 'a full list in three parts replaces everything, and is known when it comes again',
  },
  async run(play) {
    // What is not on the list, added before; the list names other lines, unless there is only one.
    const [off] = few(play, 1);
    const on = play.pool.many(5, 1);
    const before = await play.expectTaken(play.batch([off!], 'ADD'), 'goodRefused');
    if (!before) return;
    const number = play.nextNumber();
    const made = play.seal(number, linesFor(on, 'ADD', number), 'full', 3);
    const answers = [];
    for (let part = 1; part <= made.parts.length; part++) {
      const answered = await play.send(made, {}, part);
      if (answered.word !== 'taken') {
        if (answered.word !== 'none' && answered.status !== 200 && answered.status !== 202)
          play.findings.fault('fullListRefused', `part ${part} of 3: ${answered.seen}`);
        return;
      }
      answers.push(answered);
    }
    await play.outcomesOf(made, ...answers);
    const last = made.parts.at(-1)!;
    play.expectKnown(await play.send(made, {}, last.part), [made.batch.sha256, last.sha256], 'repeatedTakenAgain');
    if (play.profile.canBeAsked) await expectStatus(play, made);
    const removed = async (): Promise<string | undefined> =>
      (await play.expectTaken(play.batch([off!], 'REMOVE'), 'goodRefused'))?.words.get(1);
    const [first, second] = [await removed(), await removed()];
    // One that tells "already" from "applied" shows by it whether the line was still there.
    const tells = second === 'already' && play.pool.subjects.length > 1 && before.words.get(1) !== 'rejected';
    if (tells && first === 'applied')
      play.findings.fault('fullListNotRemoved', 'the removal of a line that the full list did not name was "applied"');
    await play.expectTaken(play.batch(on, 'REMOVE'), 'goodRefused');
  },
};

export const DELIVERY_CASES: readonly ReceiverCase[] = [asked, repeated, otherContent, reordered, olderLater, removal];
export const BULK_CASES: readonly ReceiverCase[] = [compressed, large, fullList];
