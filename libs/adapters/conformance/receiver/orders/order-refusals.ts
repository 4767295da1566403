// Cases about service orders that must not be taken (malformed, badly signed, stale), and odd ones that must.
import type { TestBatch } from '../../batches.js';
import type { Fault } from '../faults.js';
import type { OrderCase } from './order-cases.js';
import type { OrderSpoil } from './order-desk.js';
import type { OrderPlay } from './order-play.js';

const STALE_S = 900;

type Loose = Record<string, unknown> & { serviceOrderItem: (Record<string, unknown> & { service: Loose })[] };

/** The order with something changed. */
function changed(made: TestBatch, change: (order: Loose) => void): OrderSpoil {
  const order = JSON.parse(made.parts[0]!.bytes.toString()) as Loose;
  change(order);
  return { body: Buffer.from(JSON.stringify(order)) };
}

type Spoiled = readonly [how: string, fault: Fault, spoil: (made: TestBatch) => OrderSpoil];

const MALFORMED: readonly Spoiled[] = [
  ['broken JSON', 'malformedOrderTaken', ({ parts }) => ({ body: parts[0]!.bytes.subarray(0, -9) })],
  [
    'a page of HTML',
    'malformedOrderTaken',
    () => ({ body: Buffer.from('<html><body>Sign in</body></html>'), contentType: 'text/html' }),
  ],
  ['text/plain', 'mediaTypeIgnored', () => ({ contentType: 'text/plain' })],
  ['serviceOrderItem []', 'emptyOrderTaken', (made) => changed(made, (order) => (order.serviceOrderItem = []))],
  [
    'no serviceOrderItem',
    'emptyOrderTaken',
    (made) => changed(made, (order) => delete (order as Record<string, unknown>)['serviceOrderItem']),
  ],
  [
    'action "activate"',
    'unknownActionTaken',
    (made) => changed(made, (order) => (order.serviceOrderItem[0]!['action'] = 'activate')),
  ],
  ['no externalId', 'malformedOrderTaken', (made) => changed(made, (order) => delete order['externalId'])],
  [
    'an item without id',
    'malformedOrderTaken',
    (made) => changed(made, (order) => delete order.serviceOrderItem[0]!['id']),
  ],
  [
    'an item without service',
    'malformedOrderTaken',
    (made) => changed(made, (order) => delete (order.serviceOrderItem[0] as Record<string, unknown>)['service']),
  ],
];

const CREDENTIALS: readonly Spoiled[] = [
  ['a wrong signature', 'badSignatureTaken', () => ({ signature: 'strange' })],
  ['no signature', 'unsignedTaken', () => ({ signature: 'absent' })],
  ['a clock behind', 'staleTaken', () => ({ clockS: -STALE_S })],
  ['a clock ahead', 'staleTaken', () => ({ clockS: STALE_S })],
];

/** Sends what must not be taken, each under the same key as long as it stays free; then the right order, which must. */
async function expectNoneTaken(play: OrderPlay, table: readonly Spoiled[], expected: string): Promise<void> {
  let made = play.order(play.few(), 'ADD');
  for (const [how, fault, spoil] of table) {
    const answered = await play.send(made, { ...spoil(made), unwanted: true });
    const { word, status, seen } = answered;
    if (word === 'refused' || word === 'forbidden') continue;
    // An answer of success that cannot be read is one, too.
    if (word === 'taken' || (word === 'nonsense' && status !== null && status < 300)) {
      play.findings.fault(fault, `${how}: ${seen}`);
      play.listener.passOver(made.batch.number);
      made = play.order(play.few(), 'ADD');
    } else if (word === 'conflict') {
      play.findings.fault('refusedRemembered', `${how}: ${seen}`);
      made = play.order(play.few(), 'ADD');
    } else if (word !== 'none') play.findings.fault('statusWrong', `${how}: ${seen} where ${expected} was expected`);
  }
  const right = await play.send(made);
  if (right.word === 'conflict') play.findings.fault('refusedRemembered', right.seen);
  else if (right.word === 'taken') await play.endOf(made, right.order!);
  else play.tellNotTaken(right, 'goodRefused');
}

const malformed: OrderCase = {
  name: 'malformed',
  about: {
    th: 'JSON เสีย HTML ไม่มี item action ที่ไม่รู้จัก ขาดช่อง',
    en: 'broken JSON, HTML, no item, an unknown action, missing members: refused as a whole, and the key stays free',
  },
  run: (play) => expectNoneTaken(play, MALFORMED, '400'),
};

const furtherMembers: OrderCase = {
  name: 'further members',
  about: { th: 'มีช่องที่ไม่รู้จัก', en: 'members and characteristics that nobody knows yet are passed over' },
  async run(play) {
    const made = play.order(play.few(), 'ADD');
    const later = changed(made, (order) => {
      order['laterMember'] = { any: ['thing'] };
      for (const { service } of order.serviceOrderItem) {
        service['laterMember'] = true;
        (service['serviceCharacteristic'] as unknown[]).push({ name: 'later', valueType: 'string', value: 'x' });
      }
    });
    await play.expectDone(made, 'unknownFieldRefused', later);
  },
};

const signatures: OrderCase = {
  name: 'signatures',
  about: {
    th: 'ลายเซ็นผิด ไม่มีลายเซ็น เวลาผิด และสองลายเซ็น หรือไม่มีข้อมูลยืนยันตัวตน',
    en: 'wrong or absent signature or credentials, a wrong clock: refused; two signatures of which one fits: taken',
  },
  async run(play) {
    const { authentication, mutualTls } = play.profile.transport;
    if (authentication || mutualTls) {
      // The standard has no signature: whoever is proven otherwise need not look at ours.
      play.findings.note({
        th: 'โปรไฟล์ยืนยันตัวตนด้วยวิธีอื่น จึงไม่ตัดสินลายเซ็น',
        en: 'The profile proves the hub otherwise, so signatures were not judged.',
      });
      return expectNoneTaken(play, [['no credentials', 'credentialsNotChecked', () => ({ bare: true })]], '401');
    }
    await expectNoneTaken(play, CREDENTIALS, '401');
    await play.expectDone(play.order(play.few(), 'ADD'), 'rotationRefused', { signature: 'rotating' });
  },
};

export const ORDER_REFUSALS: readonly OrderCase[] = [malformed, furtherMembers, signatures];
