// Bad answer files of every kind: set aside beside a reason, counted and alerted; they change nothing, and good ones heal it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { withEndpoint } from '#adapters';
import { listAlerts } from '#operations';
import { bangkokDay, query } from '#platform';
import { privatePgp, publicPgp } from '../../../apps/standalone/simulated-providers.js';
import { pgpSealing } from '../../../libs/adapters/sealing/pgp.js';
import { FileForm } from '../../../apps/provider-sim/files/form.js';
import { registerLines, startTestHub, type TestHub } from '../../support/hub.js';
import { put, results, sha256 } from './put.js';
import { turnedClock, type TurnedClock } from './turned-clock.js';

const today = bangkokDay(new Date());
const stamp = today.replaceAll('-', '');

describe('bad files of TOT', () => {
  let hub: TestHub;
  let clock: TurnedClock;
  let inbound = '';
  let theirs: FileForm;
  before(async () => {
    hub = await startTestHub({
      providers: ['TOT'],
      profile: (profile) => withEndpoint(profile, { timeoutMs: 2_000 }),
      // The provider's side is played here.
      dials: { TOT: { dial: { silence: 1 } } },
    });
    clock = await turnedClock(hub, 'TOT', { now: new Date() });
    inbound = join(hub.simulator.get('TOT').address.sftp!.folder, 'inbound');
    theirs = new FileForm(hub.fileSettings('TOT'));
    await registerLines(hub.source, 9, [1], today);
    await clock.deliver();
  });
  after(async () => {
    await clock.close();
    await hub.close();
  });

  const RES = `TWAH_RES_TOT_ONDE_${stamp}_000001-1.csv`;
  const close = (name: string, text: string | Buffer): Promise<Buffer> =>
    theirs.close(name, Buffer.from(text as string));
  const state = async () => (await query(hub.source, 'SELECT state, heard FROM batch WHERE number = 1'))[0];
  const counted = async () =>
    (
      await query<{ n: number }>(
        hub.source,
        `SELECT coalesce(sum(items), 0)::int AS n FROM set_aside WHERE reason = 'file'`,
      )
    )[0]!.n;
  const alertsOf = async (kind: 'answersSetAside' | 'fileGap') =>
    (await listAlerts(hub.source, { state: 'open', kind, limit: 10 })).map(
      ({ subject, text }) => `${subject}: ${text}`,
    );
  const reason = (name: string): string => readFileSync(join(inbound, 'setaside', `${name}.reason.txt`), 'utf8');

  test('each is set aside with its reason, counted, and moves nothing', async () => {
    const before = await state();
    const good = results('TOT', '000001');
    const stranger = await privatePgp('stranger');
    const { pgp } = hub.fileSettings('TOT');
    const byStranger = pgpSealing({ ours: () => [stranger], theirs: () => pgp!.hub });
    const theirKey = await publicPgp(stranger);
    const toStranger = pgpSealing({ ours: () => pgp!.own, theirs: () => [theirKey] });
    const closed = await close(RES, good);
    const buddhist = `${Number(today.slice(0, 4)) + 543}`;
    const future = new Date(Date.now() + 3 * 86_400_000).toISOString();
    const past = new Date(Date.now() - 3 * 86_400_000).toISOString();
    const bad: [string, string, Buffer, RegExp, Record<string, unknown>?][] = [
      [
        'truncated on the way',
        `${RES}.pgp`,
        closed.subarray(0, 200),
        /bytes, its manifest says/,
        { size: closed.length, sha256: sha256(closed) },
      ],
      ['truncated before it was closed', `${RES}.pgp`, await close(RES, good.slice(0, 60)), /cut off/],
      ['another content than its manifest', `${RES}.pgp`, closed, /SHA-256 is not the one/, { sha256: 'a'.repeat(64) }],
      ['a manifest of another number', `${RES}.pgp`, closed, /another number/, { batch: 2 }],
      [
        'a bomb',
        `${RES}.pgp`,
        await close(RES, Buffer.alloc(60_000_000, 'R')),
        /cannot be opened|at most \d+ are read/,
      ],
      ['oversized', `${RES}.pgp`, Buffer.alloc(14_000_000, 'x'), /at most \d+ are read/],
      ['signed by a stranger', `${RES}.pgp`, await byStranger.seal(RES, Buffer.from(good)), /cannot be opened/],
      ['for a stranger', `${RES}.pgp`, await toStranger.seal(RES, Buffer.from(good)), /cannot be opened/],
      ['not closed at all', RES, Buffer.from(good), /not signed and encrypted/],
      ['HTML', `${RES}.pgp`, Buffer.from('<!doctype html><html></html>'), /cannot be opened/],
      [
        'HTML in an envelope',
        `${RES}.pgp`,
        await close(RES, '<!doctype html><html></html>\n'),
        /does not begin with H\|WAH/,
      ],
      ['of another provider inside', `${RES}.pgp`, await close(RES, results('CAT', '000001')), /not from TOT to ONDE/],
      [
        'Buddhist year',
        `${RES}.pgp`,
        await close(RES, results('TOT', '000001', undefined, [], `${buddhist}-03-18T10:00:00Z`)),
        /Buddhist year/,
      ],
      [
        'a clock that is fast',
        `${RES}.pgp`,
        await close(RES, results('TOT', '000001', undefined, [], future)),
        /day in the future; set the clock/,
      ],
      [
        'a clock that is slow',
        `${RES}.pgp`,
        await close(RES, results('TOT', '000001', undefined, [], past)),
        /before the day on which the batch was sealed/,
      ],
      [
        'of another provider',
        `TWAH_RES_CAT_ONDE_${stamp}_000001-1.csv.pgp`,
        closed,
        /here come files from TOT to ONDE/,
      ],
      ['no name of the feed', 'report final (2).xlsx', Buffer.from('PK'), /no name of the feed/],
    ];
    let n = await counted();
    for (const [what, name, content, expected, manifest] of bad) {
      put(inbound, name, content, 1, manifest);
      await clock.collect();
      // What may be in the middle of being written is judged at the second look.
      if (existsSync(join(inbound, name))) await clock.collect();
      assert.ok(!existsSync(join(inbound, name)), what);
      assert.match(reason(name), expected, what);
      assert.equal(await counted(), ++n, `${what} is counted`);
      assert.deepEqual(await state(), before, `${what} moves nothing`);
    }
    const [alert] = await alertsOf('answersSetAside');
    assert.match(alert!, /^files: 4 answer files lie in inbound\/setaside\/; the newest: report final/);
    const shown = await query<{ detail: string }>(hub.source, 'SELECT detail FROM set_aside');
    assert.ok(shown.every(({ detail }) => !/\d{9,}/.test(detail.replaceAll(/[0-9a-f]{64}|_\d{8}_/g, ''))));
  });

  test('lines that are shifted, or of a batch that is not there, move nothing either', async () => {
    const name = `TWAH_RES_TOT_ONDE_${stamp}_000001-7.csv`;
    const other = `TWAH_RES_TOT_ONDE_${stamp}_000077-1.csv`;
    const [row] = await query<{ ref: string }>(hub.source, 'SELECT entry_ref AS ref FROM change WHERE seq = 2');
    const shifted = results('TOT', '000001', 'default=APPLIED|first=1|last=9', [`R|1|${row!.ref}|APPLIED||`]);
    put(inbound, `${name}.pgp`, await close(name, shifted), 1);
    put(inbound, `${other}.pgp`, await close(other, results('TOT', '000077')), 77);
    await clock.collect();
    const rows = await query<{ reason: string }>(
      hub.source,
      `SELECT reason FROM set_aside WHERE reason <> 'file' ORDER BY 1`,
    );
    assert.deepEqual(
      rows.map(({ reason: why }) => why),
      ['shifted', 'unknownBatch'],
    );
    assert.equal(((await state()) as { heard: number }).heard, 0);
  });

  test('the same name in good order is taken, and what was wrong with it is over', async () => {
    put(inbound, `${RES}.pgp`, await close(RES, results('TOT', '000001')), 1);
    await clock.collect();
    assert.deepEqual(await state(), { state: 'settled', heard: 9 });
    assert.ok(!existsSync(join(inbound, 'setaside', `${RES}.pgp.reason.txt`)));
    // A copy, closed anew, is ignored; other content under the name is fatal for it.
    put(inbound, `${RES}.pgp`, await close(RES, results('TOT', '000001')), 1);
    const n = await counted();
    await clock.collect();
    assert.equal(await counted(), n);
    put(inbound, `${RES}.pgp`, await close(RES, results('TOT', '000001', 'default=ALREADY|first=1|last=9')), 1);
    await clock.collect();
    assert.equal(await counted(), n + 1);
    assert.match(reason(`${RES}.pgp`), /taken before with other content/);
    for (const name of [RES, `${RES}.pgp`, `TWAH_RES_CAT_ONDE_${stamp}_000001-1.csv.pgp`, 'report final (2).xlsx'])
      rmSync(join(inbound, 'setaside', `${name}.reason.txt`), { force: true });
    await clock.collect();
    assert.deepEqual(await alertsOf('answersSetAside'), [], 'cleared away, the alert is over');
  });

  test('a receipt that is missing between others is alerted until it comes', async () => {
    for (let i = 0; i < 3; i++) {
      await registerLines(hub.source, 2, [1], today);
      await clock.deliver();
    }
    const receipt = async (number: number): Promise<void> => {
      const six = `00000${number}`;
      const name = `TWAH_ACK_TOT_ONDE_${stamp}_${six}.csv`;
      const [row] = await query<{ sha256: Buffer; lines: number }>(
        hub.source,
        'SELECT sha256, line_count AS lines FROM batch WHERE number = $1',
        [number],
      );
      const text = `A|SUB|${six}|ACCEPTED|${row!.lines}|${row!.sha256.toString('hex')}\n`;
      put(inbound, `${name}.pgp`, await close(name, text), number);
      await clock.collect();
    };
    await receipt(1);
    await receipt(4);
    assert.deepEqual(await alertsOf('fileGap'), ['receipts: later files have receipts, 2 have none: number 2, 3']);
    await receipt(3);
    assert.deepEqual(await alertsOf('fileGap'), ['receipts: later files have receipts, 1 have none: number 2']);
    await receipt(2);
    assert.deepEqual(await alertsOf('fileGap'), []);
  });

  test('a file that the provider cannot open stops sending for a person; its halves go with the keys of that day', async () => {
    const name = `TWAH_ACK_TOT_ONDE_${stamp}_000002.csv`;
    rmSync(join(inbound, 'archive', `${name}.pgp`), { force: true });
    rmSync(join(inbound, 'archive', `${name}.pgp.manifest.json`), { force: true });
    put(inbound, `${name}.pgp`, await close(name, 'A|SUB|000002|REJECTED|E108|no key fits\n'), 2);
    await clock.collect();
    const [stream] = await query<{ pause_reason: string }>(hub.source, 'SELECT pause_reason FROM provider_stream');
    assert.match(stream!.pause_reason, /cannot use batch 2: E108 no key fits/);
    assert.deepEqual(await query(hub.source, 'SELECT from_seq FROM refused_range ORDER BY 1'), [
      { from_seq: 10 },
      { from_seq: 11 },
    ]);
  });
});
