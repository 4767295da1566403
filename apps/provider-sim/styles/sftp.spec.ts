// The file style over real SFTP: hand-over, receipts, results, faults, what OpenSSH's server does, and what is refused.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { sha256 } from '../book/book.js';
import { type SimulatedProvider, type Simulator, startSimulator } from '../simulator.js';
import { addLines, batchFile, type BatchOptions, refOf, removeLine, until } from '../sim-test-kit.js';
import type { WireLine } from '../words.js';

const { Client, utils } = ssh2;
/** About one in 200 keys that ssh2 makes cannot be read again (mscdex/ssh2#1513). */
function keyPair(): ReturnType<typeof utils.generateKeyPairSync> {
  let pair;
  do pair = utils.generateKeyPairSync('ed25519');
  while ([pair.private, pair.public].some((one) => utils.parseKey(one) instanceof Error));
  return pair;
}
const key = keyPair();
const stranger = keyPair();

let simulator: Simulator;
let cat: SimulatedProvider;
let inbound: string;

before(async () => {
  simulator = await startSimulator({
    providers: ['CAT'],
    seed: 7,
    settings: { CAT: { sftpClientKeys: [key.public] } },
  });
  cat = simulator.get('CAT');
  inbound = join(cat.address.sftp!.folder, 'inbound');
});

after(() => simulator.stop());

beforeEach(() => {
  cat.provider.reset();
  cat.turn({
    faults: {
      error500Before: 0,
      error500After: 0,
      resetBefore: 0,
      resetAfter: 0,
      hangBefore: 0,
      hangAfter: 0,
      unauthorized: 0,
    },
    silence: 0,
    reject: { share: 0 },
    answer: { partSize: 0, repeat: 0, badSignature: 0 },
  });
  for (const folder of ['inbound', 'outbound']) {
    for (const name of readdirSync(join(cat.address.sftp!.folder, folder)))
      rmSync(join(cat.address.sftp!.folder, folder, name));
  }
});

interface Session {
  sftp: SFTPWrapper;
  closed: Promise<void>;
  end: () => void;
}

function connect(privateKey = key.private, user = 'saphan'): Promise<Session> {
  const { host, port, hostKeyFingerprint } = cat.address.sftp!;
  const client = new Client();
  const closed = new Promise<void>((resolve) => client.on('close', () => resolve()));
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('ready', () =>
      client
        .setNoDelay()
        .sftp((error, sftp) => (error ? reject(error) : resolve({ sftp, closed, end: () => client.end() }))),
    );
    client.connect({
      host,
      port,
      username: user,
      privateKey,
      hostVerifier: (hostKey: Buffer) =>
        `SHA256:${Buffer.from(sha256(hostKey), 'hex').toString('base64').replace(/=+$/, '')}` === hostKeyFingerprint,
    });
  });
}

type Done = (error?: Error | null) => void;

function run(work: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}

/** As the hub does: temp name, rename. */
async function putRenamed({ sftp }: Session, name: string, text: string): Promise<void> {
  await run((done) => sftp.writeFile(`/outbound/${name}.part`, text, done));
  await run((done) => sftp.ext_openssh_rename(`/outbound/${name}.part`, `/outbound/${name}`, done));
}

async function handOver(
  session: Session,
  batch: number,
  lines: WireLine[],
  options: BatchOptions = {},
): Promise<{ name: string; text: string }> {
  const file = batchFile('CAT', batch, lines, options);
  await deliver(session, file.name, file.text, batch, options);
  return file;
}

async function deliver(
  session: Session,
  name: string,
  text: string,
  batch: number,
  { part = 1, parts = 1 }: BatchOptions = {},
): Promise<void> {
  await putRenamed(session, name, text);
  const manifest = { name, size: Buffer.byteLength(text), sha256: sha256(text), batch, part, parts };
  await putRenamed(session, `${name}.manifest.json`, JSON.stringify(manifest));
}

/** Text of an answer file once its manifest is there and agrees. */
async function answerFile(name: string): Promise<string> {
  await until(() => readdirSync(inbound).includes(`${name}.manifest.json`));
  const text = readFileSync(join(inbound, name), 'utf8');
  const manifest = JSON.parse(readFileSync(join(inbound, `${name}.manifest.json`), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [manifest['name'], manifest['size'], manifest['sha256']],
    [name, Buffer.byteLength(text), sha256(text)],
  );
  return text;
}

const ACK = (batch: number): string => `WAH_ACK_CAT_ONDE_20200319_${String(batch).padStart(6, '0')}.csv`;
const RES = (batch: number, k: number): string =>
  `WAH_RES_CAT_ONDE_20200319_${String(batch).padStart(6, '0')}-${k}.csv`;

/** The same file with a trailer hash that fits it again. */
function rehashed(text: string): string {
  const body = text.slice(0, text.lastIndexOf('T|'));
  return body + text.slice(text.lastIndexOf('T|')).replace(/sha256=.*/, `sha256=${sha256(body)}`);
}

describe('hand-over', () => {
  test('a file becomes lines, a receipt and outcomes', async () => {
    const session = await connect();
    const { text } = await handOver(session, 1, addLines(1, 10));
    assert.equal(await answerFile(ACK(1)), `A|SUB|000001|ACCEPTED|10|${sha256(text)}\n`);
    const result = await answerFile(RES(1, 1));
    assert.match(
      result,
      /^H\|WAH\|1\.0\|RES\|CAT\|ONDE\|000001\|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\|default=APPLIED\|first=1\|last=10\nT\|0\|sha256=[0-9a-f]{64}\n$/,
    );
    const [head, trailer] = [result.slice(0, result.lastIndexOf('T|')), result.slice(result.lastIndexOf('T|'))];
    assert.equal(trailer, `T|0|sha256=${sha256(head)}\n`);
    assert.equal(cat.provider.applier.book.count, 10);
    assert.deepEqual(cat.provider.applier.book.get(refOf(3)), {
      ref: refOf(3),
      line: '+66810000003',
      access: 'MB',
      package: 'WAH-MB',
      from: '2020-03-19',
      to: '2020-06-30',
      seq: 3,
    });
    await handOver(session, 2, [removeLine(3, 1, 11)]);
    await answerFile(RES(2, 1));
    assert.equal(cat.provider.applier.book.count, 9);
    assert.deepEqual(cat.provider.observer.state.violations, {});
    session.end();
  });

  test('outcomes come in several files when dialled, and rejected lines carry their code', async () => {
    cat.turn({ answer: { partSize: 40 }, reject: { share: 0.3, codes: ['PORTED_OUT'] } });
    const session = await connect();
    await handOver(session, 1, addLines(1, 100));
    const rows = (await Promise.all([1, 2, 3].map((k) => answerFile(RES(1, k))))).flatMap((text) => text.split('\n'));
    assert.deepEqual(
      rows.filter((row) => row.startsWith('H')).map((row) => row.split('|').slice(-2).join()),
      ['first=1,last=40', 'first=41,last=80', 'first=81,last=100'],
    );
    const rejected = rows.filter((row) => row.startsWith('R|'));
    assert.ok(rejected.length > 15);
    assert.ok(rejected.every((row) => /^R\|\d+\|[0-9a-f-]{36}\|REJECTED\|PORTED_OUT\|/.test(row)));
    assert.equal(cat.provider.applier.book.count, 100 - rejected.length);
    session.end();
  });

  test('the same number again is a copy, with other bytes it is refused', async () => {
    const session = await connect();
    const { text, name } = await handOver(session, 1, addLines(1, 3));
    await answerFile(RES(1, 1));
    rmSync(join(inbound, `${RES(1, 1)}.manifest.json`));
    rmSync(join(inbound, `${ACK(1)}.manifest.json`));
    await deliver(session, name, text, 1);
    assert.equal(await answerFile(ACK(1)), `A|SUB|000001|COPY|3|${sha256(text)}\n`);
    await answerFile(RES(1, 1));
    rmSync(join(inbound, `${ACK(1)}.manifest.json`));
    await handOver(session, 1, addLines(1, 4));
    assert.match(await answerFile(ACK(1)), /^A\|SUB\|000001\|REJECTED\|E109\|/);
    assert.equal(cat.provider.applier.book.count, 3);
    assert.equal(cat.provider.observer.state.violations['sameNumberOtherBytes'], 1);
    session.end();
  });

  test('a number that is too high is parked with its receipt, until the gap before it closes', async () => {
    const session = await connect();
    await handOver(session, 1, addLines(1, 2));
    await handOver(session, 3, addLines(5, 2, 5));
    await answerFile(ACK(3));
    await answerFile(RES(1, 1));
    assert.equal(cat.provider.parked, 1);
    assert.equal(cat.provider.observer.state.notices['parked'], 1);
    assert.deepEqual(cat.provider.observer.missing(), [2]);
    assert.equal(cat.provider.applier.book.count, 2);
    await handOver(session, 2, addLines(3, 2, 3));
    await answerFile(RES(3, 1));
    assert.equal(cat.provider.applier.book.count, 6);
    assert.deepEqual(cat.provider.observer.state.violations, {});
    session.end();
  });

  test('a full list in parts takes the place of what was held', async () => {
    const session = await connect();
    await handOver(session, 1, addLines(1, 6));
    await handOver(session, 2, addLines(4, 3, 4), { kind: 'full', part: 1, parts: 2, fromSeq: 1, toSeq: 9 });
    await handOver(session, 2, addLines(9, 1, 9, 4), { kind: 'full', part: 2, parts: 2, fromSeq: 1, toSeq: 9 });
    await until(() => cat.provider.known.get(2)?.state === 'applied');
    assert.deepEqual(cat.provider.applier.book.sortedRefs(), [4, 5, 6, 9].map(refOf));
    session.end();
  });

  test('files that are not whole or not what the contract says are refused with a code', async () => {
    const session = await connect();
    const good = batchFile('CAT', 1, addLines(1, 3)).text;
    const cases: [string, string][] = [
      [good.slice(0, -1), 'E101'],
      [`\ufeff${good}`, 'E101'],
      [good.replaceAll('\n', '\r\n'), 'E101'],
      [rehashed(good.replace('|CAT|000001', '|TOT|000001')), 'E105'],
      [rehashed(good.replace('|000001|', '|000002|')), 'E102'],
      [rehashed(good.replace('\nT|3|', '\nT|4|')), 'E103'],
      [good.replace('WAH-MB', 'WAH-XX'), 'E104'],
      [rehashed(good.replace('|MB|', '|MB|x|')), 'E106'],
      [rehashed(good.replace('D|2|', 'D|5|')), 'E106'],
    ];
    for (const [text, code] of cases) {
      await deliver(session, 'WAH_SUB_ONDE_CAT_20200319_000001.csv', text, 1);
      assert.match(await answerFile(ACK(1)), new RegExp(`^A\\|SUB\\|000001\\|REJECTED\\|${code}\\|[^|\\n]+\\n$`), code);
      rmSync(join(inbound, `${ACK(1)}.manifest.json`));
    }
    assert.equal(cat.provider.applier.book.count, 0);
    session.end();
  });

  test('nothing is read before its manifest agrees', async () => {
    const session = await connect();
    const { name, text } = batchFile('CAT', 1, addLines(1, 3));
    await putRenamed(session, name, text.slice(0, 50));
    await putRenamed(
      session,
      `${name}.manifest.json`,
      JSON.stringify({ name, size: text.length, sha256: sha256(text), batch: 1, part: 1, parts: 1 }),
    );
    await until(() => cat.provider.observer.state.notices['manifestWaits'] === 1);
    assert.equal(cat.provider.observer.state.batches.size, 0);
    await putRenamed(session, name, text);
    await answerFile(ACK(1));
    assert.equal(cat.provider.applier.book.count, 3);
    session.end();
  });

  test('a file that was not renamed into place is a breach', async () => {
    const session = await connect();
    await run((done) => session.sftp.writeFile('/outbound/WAH_SUB_ONDE_CAT_20200319_000001.csv', 'x', done));
    assert.equal(cat.provider.observer.state.violations['notRenamed'], 1);
    session.end();
  });
});

describe('faults', () => {
  test('silence takes and writes nothing', async () => {
    cat.turn({ silence: 1 });
    const session = await connect();
    await handOver(session, 1, addLines(1, 3));
    await until(() => cat.provider.applier.book.count === 3);
    cat.turn({ silence: 0 });
    await handOver(session, 2, addLines(4, 1, 4));
    await answerFile(RES(2, 1));
    assert.ok(!readdirSync(inbound).includes(ACK(1)));
    session.end();
  });

  test('failures before and after, a cut line, a hanging server, a refused log-in', async () => {
    let session = await connect();
    cat.turn({ faults: { error500Before: 1 } });
    await assert.rejects(handOver(session, 1, addLines(1, 1)));
    cat.turn({ faults: { error500Before: 0, error500After: 1 } });
    await assert.rejects(handOver(session, 1, addLines(1, 1)));
    await until(() => cat.provider.applier.book.count === 1);
    cat.turn({ faults: { error500After: 0, resetAfter: 1 } });
    void handOver(session, 2, addLines(2, 1, 2)).catch(() => undefined);
    await session.closed;
    await until(() => cat.provider.applier.book.count === 2);
    cat.turn({ faults: { resetAfter: 0, resetBefore: 1 } });
    session = await connect();
    void handOver(session, 3, addLines(3, 1, 3)).catch(() => undefined);
    await session.closed;
    cat.turn({ faults: { resetBefore: 0, hangBefore: 1 } });
    session = await connect();
    const hanging = handOver(session, 3, addLines(3, 1, 3)).then(
      () => 'done',
      () => 'ended',
    );
    await until(() => (cat.state()['faultsInjected'] as Record<string, number>)['hangBefore'] === 1);
    session.end();
    assert.equal(await hanging, 'ended');
    assert.equal(cat.provider.applier.book.count, 2);
    cat.turn({ faults: { hangBefore: 0, unauthorized: 1 } });
    await assert.rejects(connect(), /authentication/);
  });

  test('a spoilt result file does not agree with its own trailer', async () => {
    cat.turn({ answer: { badSignature: 1 } });
    const session = await connect();
    await handOver(session, 1, addLines(1, 1));
    assert.match(await answerFile(RES(1, 2)), /sha256=-/);
    session.end();
  });
});

describe('server', () => {
  test('only the given key and user may log in', async () => {
    await assert.rejects(connect(stranger.private), /authentication/);
    await assert.rejects(connect(key.private, 'root'), /authentication/);
  });

  test('files and folders as OpenSSH keeps them', async () => {
    const session = await connect();
    const { sftp } = session;
    await run((done) => sftp.mkdir('/outbound/sub', done));
    await run((done) => sftp.writeFile('/outbound/sub/a', Buffer.alloc(300_000, 7), done));
    const handle = await new Promise<Buffer>((resolve, reject) =>
      sftp.open('/outbound/sub/a', 'r+', (error, one) => (error ? reject(error) : resolve(one))),
    );
    await run((done) => sftp.ext_openssh_fsync(handle, done));
    await run((done) => sftp.close(handle, done));
    const size = await new Promise<number>((resolve, reject) =>
      sftp.stat('/outbound/sub/a', (error, stats) => (error ? reject(error) : resolve(stats.size))),
    );
    assert.equal(size, 300_000);
    const read = await new Promise<Buffer>((resolve, reject) =>
      sftp.readFile('/outbound/sub/a', (error, bytes) => (error ? reject(error) : resolve(bytes))),
    );
    assert.ok(read.equals(Buffer.alloc(300_000, 7)));
    await run((done) => sftp.writeFile('/outbound/sub/b', 'b', done));
    await assert.rejects(
      run((done) => sftp.rename('/outbound/sub/a', '/outbound/sub/b', done)),
      /failure|Failure|refused/i,
      'plain rename never replaces',
    );
    await run((done) => sftp.ext_openssh_rename('/outbound/sub/a', '/outbound/sub/b', done));
    const names = await new Promise<string[]>((resolve, reject) =>
      sftp.readdir('/outbound/sub', (error, list) =>
        error ? reject(error) : resolve(list.map((one) => one.filename)),
      ),
    );
    assert.deepEqual(names, ['b']);
    await assert.rejects(
      run((done) => sftp.unlink('/outbound/sub', done)),
      'a folder is not removed as a file',
    );
    await run((done) => sftp.unlink('/outbound/sub/b', done));
    await run((done) => sftp.rmdir('/outbound/sub', done));
    session.end();
  });

  test('nothing outside the root can be reached', async () => {
    const session = await connect();
    const outside = mkdtempSync(join(tmpdir(), 'outside-'));
    writeFileSync(join(outside, 'secret'), 'x');
    symlinkSync(outside, join(cat.address.sftp!.folder, 'link'));
    for (const path of ['../host_key', '/../host_key', 'inbound/../../host_key', '/link/secret', '/link']) {
      await assert.rejects(
        run((done) => session.sftp.readFile(path, (error) => done(error))),
        path,
      );
    }
    assert.ok((cat.provider.observer.state.violations['pathTraversal'] ?? 0) >= 5);
    rmSync(join(cat.address.sftp!.folder, 'link'));
    rmSync(outside, { recursive: true });
    session.end();
  });

  const hasSftp = spawnSync('sftp', ['-V']).error === undefined;
  test(
    "OpenSSH's own client works with it",
    { skip: hasSftp ? false : 'needs the OpenSSH client: apt-get install openssh-client' },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'openssh-'));
      const { name, text } = batchFile('CAT', 1, addLines(1, 500));
      writeFileSync(join(folder, 'key'), key.private, { mode: 0o600 });
      writeFileSync(join(folder, name), text);
      writeFileSync(
        join(folder, 'manifest'),
        JSON.stringify({ name, size: Buffer.byteLength(text), sha256: sha256(text), batch: 1, part: 1, parts: 1 }),
      );
      writeFileSync(
        join(folder, 'commands'),
        [
          `put -f ${folder}/${name} outbound/${name}.part`,
          `rename outbound/${name}.part outbound/${name}`,
          `put -f ${folder}/manifest outbound/${name}.manifest.json.part`,
          `rename outbound/${name}.manifest.json.part outbound/${name}.manifest.json`,
          'ls -l outbound',
          'pwd',
          '',
        ].join('\n'),
      );
      const { port } = cat.address.sftp!;
      const child = spawn('sftp', [
        '-q',
        '-b',
        join(folder, 'commands'),
        '-i',
        join(folder, 'key'),
        '-P',
        String(port),
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        `UserKnownHostsFile=${folder}/known`,
        '-o',
        'IdentitiesOnly=yes',
        '-F',
        '/dev/null',
        'saphan@127.0.0.1',
      ]);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
      assert.equal(code, 0, output);
      assert.match(output, new RegExp(name));
      await answerFile(ACK(1));
      assert.equal(cat.provider.applier.book.count, 500);
      rmSync(folder, { recursive: true });
    },
  );
});
