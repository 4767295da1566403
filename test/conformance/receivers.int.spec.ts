// The receivers of docs/providers/ais.md and true.md, taken from the page and run, pass `saphan conformance`.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { referenceProfile, type ConformanceReport } from '#adapters';
import { openSftpServer } from '../../apps/provider-sim/sftp/server.js';
import { sshKeyPair } from '../integration/adapters/simulated.js';
import { saphan } from './run-saphan.js';
import { documentedReceiver, freePort, newSecret, startReceiver, type RunningReceiver } from './documented.js';

const LONGEST_LINES = 160;

interface Started {
  receiver: RunningReceiver;
  /** What the tool is told beside its target. */
  args: string[];
  env: Record<string, string>;
}

async function startAis(): Promise<Started> {
  const signing = newSecret();
  const receiver = await startReceiver(documentedReceiver('ais'), { SIGNING_SECRETS: `${newSecret()},${signing}` });
  return { receiver, args: ['--provider', 'AIS'], env: { SAPHAN_SECRET_AIS_SIGNING_1: signing } };
}

async function startTrue(): Promise<Started> {
  const [signing, own] = [newSecret(), newSecret()];
  const port = await freePort();
  const receiver = await startReceiver(documentedReceiver('true'), {
    SIGNING_SECRETS: signing,
    CALLBACK_SECRET: own,
    HUB: `http://127.0.0.1:${port}`,
  });
  return {
    receiver,
    args: ['--provider', 'TRUE', '--listen', `127.0.0.1:${port}`, '--wait', '10'],
    env: { SAPHAN_SECRET_TRUE_SIGNING_1: signing, SAPHAN_SECRET_TRUE_CALLBACK_1: own },
  };
}

for (const [code, start, skipped] of [
  ['ais', startAis, ['older change later', 'callback again', 'gzip']],
  ['true', startTrue, ['older change later']],
] as const) {
  describe(`the receiver of docs/providers/${code}.md`, () => {
    test(`is readable at once: at most ${LONGEST_LINES} lines and no package`, () => {
      const source = documentedReceiver(code);
      assert.ok(source.split('\n').length <= LONGEST_LINES, `it has ${source.split('\n').length} lines`);
      for (const [, from] of source.matchAll(/^import .* from '(.*)';$/gm)) assert.match(from!, /^node:/);
    });

    test('passes the tool, and again after a restart with what it stored', async () => {
      const { receiver, args, env } = await start();
      try {
        const command = [...args, '--reference', '--target', receiver.target, '--json'];
        const first = await saphan(command, env);
        const report = JSON.parse(first.out) as ConformanceReport;
        assert.deepEqual(report.faults, [], first.out);
        assert.equal(first.code, 0, first.err);
        assert.deepEqual(
          report.cases.filter((one) => one.verdict !== 'passed').map((one) => one.name),
          skipped,
        );
        await receiver.restart();
        const second = await saphan(command, env);
        const again = JSON.parse(second.out) as ConformanceReport;
        assert.deepEqual(again.faults, [], second.out);
        assert.ok(
          again.figures.firstNumber > report.figures.firstNumber,
          'after the restart it began at the same number',
        );
      } finally {
        await receiver.stop();
      }
    });
  });
}

test('docs/providers/receivers/cat.mjs passes the tool over SFTP, and again after a restart', async () => {
  const keys = sshKeyPair();
  const root = mkdtempSync(join(tmpdir(), 'saphan-files-'));
  const source = readFileSync(join(process.cwd(), 'docs', 'providers', 'receivers', 'cat.mjs'), 'utf8');
  const receiver = await startReceiver(source, { ROOT: root, LOOK_MS: '20' });
  const server = await openSftpServer({
    host: '127.0.0.1',
    port: 0,
    user: 'saphan',
    clientKeys: [keys.publicKey],
    root,
    keyFolder: dirname(receiver.store),
    atLogin: () => 'accept',
    hooks: {
      beforeWrite: () => Promise.resolve('none'),
      afterRename: () => Promise.resolve('none'),
      afterWrite: () => undefined,
      traversal: () => undefined,
    },
  });
  try {
    const reference = referenceProfile('CAT')!;
    const file = join(dirname(receiver.store), 'profile.json');
    const transport = { ...reference.transport, hostKeys: [server.fingerprint] };
    writeFileSync(file, JSON.stringify({ ...reference, maxLines: 2_000, transport }));
    const target = `sftp://saphan@127.0.0.1:${server.port}/`;
    const args = ['--provider', 'CAT', '--profile', file, '--target', target, '--wait', '10', '--json'];
    for (const run of ['first', 'after the restart']) {
      const ended = await saphan(args, { SAPHAN_SECRET_CAT_SSH_1: keys.privateKey });
      const { faults } = JSON.parse(ended.out) as ConformanceReport;
      assert.deepEqual(faults, [], `${run}: ${ended.out}`);
      await receiver.restart();
    }
  } finally {
    await server.close();
    await receiver.stop();
    rmSync(root, { recursive: true, force: true });
  }
});

describe('saphan conformance', () => {
  test('sends the named test lines and nothing else', async () => {
    const { receiver, env } = await startAis();
    try {
      const named = [
        { access: 'MB' as const, line: '+66812345678' },
        { access: 'FB' as const, line: '9000000001' },
      ];
      const folder = dirname(receiver.store);
      const profile = { ...referenceProfile('AIS')!, testLines: named, maxLines: 300 };
      writeFileSync(join(folder, 'profile.json'), JSON.stringify(profile));
      const args = ['--provider', 'AIS', '--profile', join(folder, 'profile.json'), '--target', receiver.target];
      const ended = await saphan(args, env);
      assert.equal(ended.code, 0, ended.out + ended.err);
      assert.match(ended.out, /2 named lines came again/);
      const sent = new Set(
        readFileSync(receiver.store, 'utf8')
          .split('\n')
          .filter(Boolean)
          .flatMap(
            (text) => (JSON.parse(JSON.parse(text) as string) as { data: { lines: { line: string }[] } }).data.lines,
          )
          .map((one) => one.line),
      );
      assert.deepEqual([...sent].sort(), named.map((one) => one.line).sort());
    } finally {
      await receiver.stop();
    }
  });

  test('says what is wrong in the language of the person, and ends with 1', async () => {
    const source = documentedReceiver('ais').replace('if (!fits) throw', 'if (false) throw');
    const signing = newSecret();
    const receiver = await startReceiver(source, { SIGNING_SECRETS: signing });
    try {
      const args = ['--provider', 'AIS', '--reference', '--target', receiver.target, '--skip', 'large,full list'];
      const ended = await saphan(args, { SAPHAN_SECRET_AIS_SIGNING_1: signing, LANG: 'th_TH.UTF-8' });
      assert.equal(ended.code, 1);
      assert.match(ended.out, /1\. รับข้อความที่ลายเซ็นผิด .* \[badSignatureTaken: signatures\]/);
      assert.match(ended.out, /ควรทำ: ตรวจ HMAC-SHA256/);
      assert.match(ended.err, /พบข้อผิดพลาด 1 ข้อ/);
    } finally {
      await receiver.stop();
    }
  });

  test('never tests a live profile, nor another machine without named lines, nor without secrets', async () => {
    const { receiver, env } = await startAis();
    try {
      const folder = dirname(receiver.store);
      writeFileSync(join(folder, 'live.json'), JSON.stringify({ ...referenceProfile('AIS')!, environment: 'live' }));
      const live = await saphan(
        ['--provider', 'AIS', '--profile', join(folder, 'live.json'), '--target', receiver.target],
        env,
      );
      assert.equal(live.code, 3);
      assert.match(live.err, /not marked environment "test"/);
      const elsewhere = await saphan(['--provider', 'AIS', '--reference', '--target', 'https://10.9.8.7'], env);
      assert.equal(elsewhere.code, 3);
      assert.match(elsewhere.err, /name at least one test line/);
      const bare = await saphan(['--provider', 'AIS', '--reference', '--target', receiver.target], {});
      assert.equal(bare.code, 2);
      assert.match(bare.err, /SAPHAN_SECRET_AIS_SIGNING_1/);
      assert.equal(readFileSync(receiver.store, 'utf8'), '', 'something was sent');
    } finally {
      await receiver.stop();
    }
  });
});
