// Cases about messages that must not be taken (malformed, badly signed, stale), and odd ones that must.
import type { TestBatch } from '../batches.js';
import { few, type ReceiverCase } from './case.js';
import type { Fault } from './faults.js';
import type { Play, Spoil } from './play.js';

/** Standard Webhooks allows five minutes. */
const STALE_S = -900;
const AHEAD_S = 900;

/** Sends what must not be taken; then the right message under the same number, which must. */
async function expectNotTaken(
  play: Play,
  spoil: (made: TestBatch) => Spoil,
  fault: Fault,
  as: 'refused' | 'forbidden',
): Promise<void> {
  const made = play.batch(few(play), 'ADD');
  const answered = await play.send(made, spoil(made));
  if (answered.word === 'taken') return play.findings.fault(fault, answered.seen);
  if (answered.word === 'none' || (answered.word === 'nonsense' && answered.status === 200)) return;
  // A 400 to a wrong signature is as clear a no as a 401, and a 401 to a broken body too; a 5xx or 409 is not.
  if (answered.word !== 'refused' && answered.word !== 'forbidden')
    play.findings.fault(
      'statusWrong',
      `${answered.seen} where ${as === 'refused' ? '400 or 422' : '401'} was expected`,
    );
  const right = await play.send(made);
  if (right.word === 'known') play.findings.fault('refusedRemembered', right.seen);
  else if (right.word === 'taken') await play.outcomesOf(made, right);
  else if (right.word !== 'none' && right.status !== 200) play.findings.fault('goodRefused', right.seen);
}

type Event = Record<string, unknown> & { data: Record<string, unknown> & { lines: Record<string, unknown>[] } };

function changed(made: TestBatch, change: (event: Event) => void): Buffer {
  const event = JSON.parse(made.parts[0]!.bytes.toString()) as Event;
  change(event);
  return Buffer.from(JSON.stringify(event));
}

const malformed: ReceiverCase = {
  name: 'malformed',
  about: {
    th: 'JSON เสีย จำนวนไม่ตรง ของผู้ให้บริการอื่น',
    en: 'broken JSON, a wrong count, another provider’s batch: refused as a whole, and the number stays free',
  },
  async run(play) {
    const cut = ({ parts }: TestBatch): Spoil => ({ body: parts[0]!.bytes.subarray(0, -9) });
    await expectNotTaken(play, cut, 'malformedTaken', 'refused');
    const short = (made: TestBatch): Spoil => ({ body: changed(made, (event) => event.data.lines.pop()) });
    await expectNotTaken(play, short, 'malformedTaken', 'refused');
    const foreign = (made: TestBatch): Spoil => ({
      body: changed(made, (event) => {
        event['subject'] = 'ZZZ';
        event.data['provider'] = 'ZZZ';
      }),
    });
    await expectNotTaken(play, foreign, 'malformedTaken', 'refused');
  },
};

const furtherMembers: ReceiverCase = {
  name: 'further members',
  about: { th: 'มีช่องที่ไม่รู้จัก', en: 'members that nobody knows yet are passed over' },
  async run(play) {
    const made = play.batch(few(play), 'ADD');
    const body = changed(made, (event) => {
      event['laterextension'] = 'x';
      event.data['contract'] = '1.9';
      event.data['later'] = { any: ['thing'] };
      for (const line of event.data.lines) line['later'] = true;
    });
    await play.expectTaken(made, 'unknownFieldRefused', { body });
  },
};

const signatures: ReceiverCase = {
  name: 'signatures',
  about: {
    th: 'ลายเซ็นผิด ไม่มีลายเซ็น เวลาผิด และสองลายเซ็น',
    en: 'a wrong signature, none, a wrong clock: refused; two signatures of which one fits: taken',
  },
  async run(play) {
    await expectNotTaken(play, () => ({ signature: 'strange' }), 'badSignatureTaken', 'forbidden');
    await expectNotTaken(play, () => ({ signature: 'absent' }), 'unsignedTaken', 'forbidden');
    await expectNotTaken(play, () => ({ clockS: STALE_S }), 'staleTaken', 'forbidden');
    await expectNotTaken(play, () => ({ clockS: AHEAD_S }), 'staleTaken', 'forbidden');
    await play.expectTaken(play.batch(few(play), 'ADD'), 'rotationRefused', { signature: 'rotating' });
  },
};

const callbackAgain: ReceiverCase = {
  name: 'callback again',
  about: { th: 'callback ที่ถูกตอบ 503 มาใหม่', en: 'a callback that was answered 503 comes again' },
  cannot: (play) =>
    play.listener ? null : { th: 'โปรไฟล์ไม่ได้ใช้ callback', en: 'The profile does not acknowledge by callback.' },
  async run(play) {
    const listener = play.listener!;
    const made = play.batch(few(play), 'ADD');
    const { number } = made.batch;
    listener.answerLater(number);
    const answered = await play.send(made);
    if (answered.word !== 'taken') return;
    await listener.until(() => listener.afterLater(number) === 'cameAgain', play.patienceMs);
    switch (listener.afterLater(number)) {
      case 'lost':
        return play.findings.fault('callbackNotRepeated', 'no second try within the time waited');
      case 'none':
      case 'cameAgain':
        await play.outcomesOf(made, answered);
    }
  },
};

export const REFUSAL_CASES: readonly ReceiverCase[] = [malformed, furtherMembers, signatures, callbackAgain];
