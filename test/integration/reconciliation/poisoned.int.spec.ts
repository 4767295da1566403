// Poisoned lists: each repairs nothing, removes nothing, and says why in the run, the alert, what is set aside, and the file's place.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { query } from '#platform';
import { startListKit, type ListKit } from './snapshot-kit.js';

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** What must not move, as one hash. */
async function standing(kit: ListKit): Promise<string> {
  const { source } = kit.hub;
  const rows = await Promise.all(
    [
      'SELECT * FROM entry ORDER BY 1, 2',
      'SELECT provider_id, seq, line_id, present FROM change ORDER BY 1, 2',
      'SELECT provider_id, number, state, sha256 FROM batch ORDER BY 1, 2',
      'SELECT provider_id, line_id, seq, present FROM held ORDER BY 1, 2',
      'SELECT provider_id, ref, kind FROM drift ORDER BY 1, 2',
      'SELECT plan_id, state FROM repair_plan ORDER BY 1',
      'SELECT provider_id, entry_ref, kind FROM exception ORDER BY 1, 2',
    ].map((sql) => query(source, sql)),
  );
  return sha256(JSON.stringify(rows));
}

/** A list with other lines, its trailer made anew so that only what was meant is wrong. */
type Change = (head: string, lines: string[]) => { head: string; lines: string[] };

async function refused(kit: ListKit, why: RegExp): Promise<void> {
  const before = await standing(kit);
  const run = await kit.run();
  assert.equal(run.result, 'refused', run.detail ?? '');
  assert.match(run.detail ?? '', why);
  assert.deepEqual([run.drifted, run.forwarded], [0, 0]);
  assert.equal(await standing(kit), before, 'something moved');
  await kit.alertsAre(['snapshotRefused']);
  const [last] = await query<{ state: string; detail: string }>(
    kit.hub.source,
    'SELECT state, detail FROM snapshot ORDER BY snapshot_id DESC LIMIT 1',
  );
  assert.equal(last?.state, 'refused');
  assert.match(last?.detail ?? '', why);
  const [aside] = await query<{ detail: string }>(
    kit.hub.source,
    `SELECT detail FROM set_aside WHERE reason = 'snapshot' ORDER BY 1 DESC LIMIT 1`,
  );
  assert.ok(aside, 'it is not among what is set aside');
  const staged = await query(kit.hub.source, `SELECT 1 FROM pg_class WHERE relname LIKE 'snapshot_line%'`);
  assert.equal(staged.length, 0, 'lines of it are left');
}

async function usableAgain(kit: ListKit): Promise<void> {
  const run = await kit.run();
  assert.equal(run.result, 'equal', run.detail ?? '');
  await kit.alertsAre([]);
}

describe('poisoned lists by API', () => {
  let kit: ListKit;
  const spoil = (spoiler?: (whole: Buffer) => Iterable<Buffer>): void => {
    const { provider } = kit.hub.simulator.get('AIS');
    provider.spoilList = spoiler ? (pieces) => spoiler(Buffer.concat([...pieces])) : undefined;
  };
  const rewrite = (change: Change): void =>
    spoil((whole) => {
      const rows = whole.toString().split('\n');
      rows.pop();
      rows.pop();
      const [head = '', ...lines] = rows;
      const made = change(head, lines);
      const body = `${[made.head, ...made.lines].join('\n')}\n`;
      return [Buffer.from(`${body}${JSON.stringify({ end: made.lines.length, sha256: sha256(body) })}\n`)];
    });
  const counted = (head: string, count: number): string => JSON.stringify({ ...JSON.parse(head), count });
  const withHead = (members: object): void =>
    rewrite((head, lines) => ({ head: JSON.stringify({ ...JSON.parse(head), ...members }), lines }));

  before(async () => {
    kit = await startListKit('AIS', (profile) => ({
      ...profile,
      observe: { ...profile.observe!, snapshot: { ...profile.observe!.snapshot!, maxBytes: 1_000_000 } },
    }));
    await kit.register(300);
    await usableAgain(kit);
  });
  after(() => kit.hub.close());

  const cases: [string, () => void, RegExp][] = [
    [
      'empty with a valid header',
      () => rewrite((head) => ({ head: counted(head, 0), lines: [] })),
      /holds 0 lines of 300/,
    ],
    [
      'half with a matching trailer',
      () => rewrite((head, lines) => ({ head: counted(head, 150), lines: lines.slice(0, 150) })),
      /holds 150 lines of 300/,
    ],
    [
      'half, with the count of all',
      () => rewrite((head, lines) => ({ head, lines: lines.slice(0, 150) })),
      /header says 300 lines/,
    ],
    ['an answer kept from another question', () => withHead({ request: '0' }), /does not answer this question/],
    ["another provider's", () => withHead({ provider: 'TRUE' }), /another provider/],
    ['as of a batch that was never sent', () => withHead({ batch: 99 }), /future/],
    ['as of a change that was never sent', () => withHead({ appliedSeq: 9_999_999 }), /future/],
    [
      'duplicates',
      () => rewrite((head, lines) => ({ head, lines: [...lines.slice(0, -1), lines[0]!] })),
      /names an entry twice/,
    ],
    [
      'one line under two refs',
      () =>
        rewrite((head, lines) => {
          const { ref } = JSON.parse(lines[1]!) as { ref: string };
          return {
            head,
            lines: lines.map((line, i) => (i === 1 ? JSON.stringify({ ...JSON.parse(lines[0]!), ref }) : line)),
          };
        }),
      /same line under two refs/,
    ],
    [
      'keys in scientific notation',
      () =>
        rewrite((head, lines) => ({
          head,
          lines: lines.map((line, i) => (i === 7 ? JSON.stringify({ ...JSON.parse(line), line: '6.68E+10' }) : line)),
        })),
      /line 8: its number is in scientific notation/,
    ],
    [
      'keys that lost their zeros',
      () =>
        rewrite((head, lines) => ({
          head,
          lines: lines.map((line, i) =>
            i === 0 ? JSON.stringify({ ...JSON.parse(line), access: 'FB', line: '123456789' }) : line,
          ),
        })),
      /lost its leading zeros/,
    ],
    [
      'keys as numbers',
      () =>
        rewrite((head, lines) => ({
          head,
          lines: lines.map((line, i) => (i === 0 ? JSON.stringify({ ...JSON.parse(line), line: 66800000001 }) : line)),
        })),
      /stands as a number/,
    ],
    ['cut off', () => spoil((whole) => [whole.subarray(0, Math.floor(whole.length / 2))]), /cut off|no JSON/],
    [
      'cut off at a line end',
      () => spoil((whole) => [whole.subarray(0, whole.lastIndexOf(10, whole.length - 2) + 1)]),
      /trailer/,
    ],
    [
      'one byte turned',
      () => spoil((whole) => [Buffer.from(whole.toString().replace('"WAH-MB"', '"WAH-MC"'))]),
      /SHA-256/,
    ],
    [
      'a page of HTML',
      () => spoil(() => [Buffer.from('<html><body>maintenance</body></html>\n')]),
      /no JSON|single line/,
    ],
    [
      'a bomb',
      () =>
        spoil((whole) =>
          (function* () {
            yield whole.subarray(0, whole.indexOf(10) + 1);
            for (let i = 0; i < 4_000; i++) yield Buffer.alloc(65_536, 0x20);
          })(),
        ),
      /line of more than 64 kB/,
    ],
    [
      'a bomb of good lines',
      () =>
        spoil((whole) =>
          (function* () {
            yield whole.subarray(0, whole.indexOf(10) + 1);
            const lines = whole.subarray(whole.indexOf(10) + 1, whole.lastIndexOf(10, whole.length - 2) + 1);
            for (let i = 0; i < 1_000; i++) yield lines;
          })(),
        ),
      /more than 1000000 bytes/,
    ],
    [
      'refs by the thousand that were never sent',
      () =>
        rewrite((head, lines) => {
          const strange = Array.from({ length: 1_200 }, (_, i) =>
            JSON.stringify({ ...JSON.parse(lines[0]!), ref: `x${i}`, line: `+6689${String(i).padStart(7, '0')}` }),
          );
          return { head: counted(head, lines.length + strange.length), lines: [...lines, ...strange] };
        }),
      /refs/,
    ],
  ];
  for (const [name, poison, why] of cases) {
    test(name, async () => {
      poison();
      await refused(kit, why);
      spoil();
      await usableAgain(kit);
    });
  }

  test('no answer is no absence', async () => {
    const before = await standing(kit);
    spoil(() => {
      throw new Error('broken');
    });
    const run = await kit.run();
    assert.ok(run.result === 'cannotTell' || run.result === 'refused', String(run.result));
    assert.equal(await standing(kit), before);
    spoil();
    await usableAgain(kit);
  });
});

for (const code of ['CAT', 'TOT'] as const) {
  describe(`poisoned lists by file (${code})`, () => {
    let kit: ListKit;
    let inbound: string;
    const suffix = code === 'TOT' ? '.csv.pgp' : '.csv';
    const spoil = (spoiler?: (whole: Buffer) => Buffer): void => {
      const { provider } = kit.hub.simulator.get(code);
      provider.spoilList = spoiler ? (pieces) => [spoiler(Buffer.concat([...pieces]))] : undefined;
    };
    const rewrite = (change: Change): void =>
      spoil((whole) => {
        const rows = whole.toString('latin1').split('\n');
        rows.pop();
        rows.pop();
        const [head = '', ...lines] = rows;
        const made = change(head, lines);
        const body = `${[made.head, ...made.lines].join('\n')}\n`;
        return Buffer.from(`${body}T|${made.lines.length}|sha256=${sha256(Buffer.from(body, 'latin1'))}\n`, 'latin1');
      });
    const field = (line: string, at: number, text: string): string =>
      line
        .split('|')
        .map((one, i) => (i === at ? text : one))
        .join('|');
    const named = (folder: string): string[] =>
      readdirSync(join(inbound, folder)).filter((name) => name.includes('_SNP_') && name.endsWith(suffix));
    /** Without the answer that comes to our own question, which would be a good one. */
    const quiet = async (work: () => Promise<void>): Promise<void> => {
      const before = named('setaside').length;
      await work();
      assert.equal(named('setaside').length, before + 1, 'it was set aside beside its reason');
      assert.ok(readdirSync(join(inbound, 'setaside')).some((name) => name.endsWith('.reason.txt')));
    };

    before(async () => {
      kit = await startListKit(code, (profile) => ({
        ...profile,
        observe: { ...profile.observe!, snapshot: { ...profile.observe!.snapshot!, waitS: 1, maxBytes: 1_000_000 } },
      }));
      inbound = join(kit.hub.simulator.get(code).address.sftp!.folder, 'inbound');
      await kit.register(300);
      await usableAgain(kit);
    });
    after(() => kit.hub.close());

    const cases: [string, () => void, RegExp][] = [
      [
        'empty with a valid header',
        () => rewrite((head) => ({ head: head.replace(/count=\d+/, 'count=0'), lines: [] })),
        /holds 0 lines of 300/,
      ],
      [
        'half with a matching trailer',
        () => rewrite((head, lines) => ({ head: head.replace(/count=\d+/, 'count=150'), lines: lines.slice(0, 150) })),
        /holds 150 lines of 300/,
      ],
      [
        "another provider's",
        () => rewrite((head, lines) => ({ head: field(head, 4, 'AIS'), lines })),
        /another provider/,
      ],
      [
        'keys in scientific notation',
        () =>
          rewrite((head, lines) => ({
            head,
            lines: lines.map((line, i) => (i === 3 ? field(line, 4, '6.68E+10') : line)),
          })),
        /line 4: its number is in scientific notation/,
      ],
      [
        'keys without their plus',
        () =>
          rewrite((head, lines) => ({
            head,
            lines: lines.map((line) => field(line, 4, line.split('|')[4]!.slice(1))),
          })),
        /lost its plus/,
      ],
      [
        'duplicates',
        () =>
          rewrite((head, lines) => ({
            head,
            lines: lines.map((line, i) => (i === 299 ? field(lines[0]!, 1, '300') : line)),
          })),
        /names an entry twice/,
      ],
      [
        'truncated before its trailer',
        () => spoil((whole) => whole.subarray(0, whole.lastIndexOf(10, whole.length - 2) + 1)),
        /is it cut off/,
      ],
      [
        'a bomb',
        () =>
          spoil((whole) =>
            Buffer.concat([whole.subarray(0, whole.indexOf(10) + 1), Buffer.alloc(8_000_000, 0x20), Buffer.from('\n')]),
          ),
        /more than|the most that is read|decompress/i,
      ],
    ];
    for (const [name, poison, why] of cases) {
      test(name, async () => {
        poison();
        await quiet(() => refused(kit, why));
        spoil();
        await usableAgain(kit);
      });
    }

    test("yesterday's under today's name", async () => {
      const [old] = named('archive');
      assert.ok(old);
      const renamed = old.replace(/_\d{8}_\d{6}/, '_20991231_000900');
      copyFileSync(join(inbound, 'archive', old), join(inbound, renamed));
      const manifest = JSON.parse(readFileSync(join(inbound, 'archive', `${old}.manifest.json`), 'utf8')) as object;
      const silence = (): void => void (kit.hub.simulator.get(code).provider.spoilList = () => []);
      silence();
      writeFileSync(
        join(inbound, `${renamed}.manifest.json`),
        JSON.stringify({ ...manifest, name: renamed, batch: 900 }),
      );
      const before = await standing(kit);
      const run = await kit.run();
      assert.equal(run.result, 'refused', run.detail ?? '');
      assert.match(run.detail ?? '', /renamed|name inside/);
      assert.equal(await standing(kit), before);
      spoil();
      await usableAgain(kit);
    });

    test("yesterday's put there again", async () => {
      const [old] = named('archive').sort();
      assert.ok(old);
      for (const name of [old, `${old}.manifest.json`])
        copyFileSync(join(inbound, 'archive', name), join(inbound, name));
      const before = await standing(kit);
      const run = await kit.run();
      // The old one is set aside; then it is asked, and what it answers is good.
      assert.equal(run.result, 'equal', run.detail ?? '');
      assert.equal(await standing(kit), before);
      assert.ok(named('setaside').includes(old));
    });

    test('cut off: fewer bytes than its manifest says', async () => {
      const [old] = named('archive').sort();
      assert.ok(old);
      const name = old.replace(/_\d{6}\./, '_000950.');
      writeFileSync(join(inbound, name), readFileSync(join(inbound, 'archive', old)).subarray(0, 2_000));
      const manifest = JSON.parse(readFileSync(join(inbound, 'archive', `${old}.manifest.json`), 'utf8')) as object;
      writeFileSync(join(inbound, `${name}.manifest.json`), JSON.stringify({ ...manifest, name, batch: 950 }));
      const run = await kit.run();
      assert.equal(run.result, 'equal', run.detail ?? '');
      assert.match(readFileSync(join(inbound, 'setaside', `${name}.reason.txt`), 'utf8'), /its manifest says/);
    });
  });
}
