// The process around the simulators: restarts with a data folder, ports, and the refusal of anything that is not loopback.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isLoopbackHost, NotLoopbackError } from './loopback.js';
import { type SimulatedProvider, type SimulatorOptions, startSimulator } from './simulator.js';
import { addLines, ask, call, openHub, removeLine, send, until } from './sim-test-kit.js';
import { PROVIDER_CODES } from './words.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

function snapshot(ais: SimulatedProvider): unknown {
  const { provider } = ais;
  return {
    digest: provider.applier.book.digest(true),
    count: provider.applier.book.count,
    counts: provider.applier.counts,
    known: [...provider.known.values()],
    violations: provider.observer.state.violations,
    seen: [...provider.observer.state.batches.values()].map((one) => [one.batch, one.fate, one.seen]),
  };
}

describe('data folder', () => {
  test('book, numbers, outcomes and record are the same after a stop, and after a kill', async () => {
    const data = mkdtempSync(join(tmpdir(), 'sim-data-'));
    const options: SimulatorOptions = {
      providers: ['AIS'],
      data,
      settings: { AIS: { dial: { reject: { share: 0.1 } } } },
    };
    const first = await startSimulator(options);
    await send(first.get('AIS'), 1, addLines(1, 300));
    await send(first.get('AIS'), 2, addLines(1, 2, 301), { kind: 'full', part: 1, parts: 2, fromSeq: 1, toSeq: 400 });
    await send(first.get('AIS'), 2, addLines(50, 200, 303, 3), {
      kind: 'full',
      part: 2,
      parts: 2,
      fromSeq: 1,
      toSeq: 600,
    });
    const before = snapshot(first.get('AIS'));
    // What a killed process would leave behind: the journal so far, no clean stop.
    const killed = mkdtempSync(join(tmpdir(), 'sim-killed-'));
    cpSync(data, killed, { recursive: true });
    await first.stop();
    for (const folder of [data, killed]) {
      const second = await startSimulator({ ...options, data: folder });
      const ais = second.get('AIS');
      assert.deepEqual(snapshot(ais), before);
      assert.equal((await ask(ais, '/whitelist/state')).body.highestBatch, 2);
      assert.equal((await send(ais, 1, addLines(1, 300))).status, 409);
      assert.equal((await send(ais, 3, [removeLine(60, 1, 700)])).status, 200);
      await second.stop();
      const third = await startSimulator({ ...options, data: folder });
      assert.equal(third.get('AIS').provider.highestBatch, 3);
      await third.stop();
      rmSync(folder, { recursive: true });
    }
  });

  test('callbacks that were not delivered are sent after the restart', async () => {
    const data = mkdtempSync(join(tmpdir(), 'sim-data-'));
    const first = await startSimulator({ providers: ['TRUE'], data });
    await send(first.get('TRUE'), 1, addLines(1, 5));
    await first.stop();
    let secret = '';
    const hub = await openHub(() => secret);
    const second = await startSimulator({ providers: ['TRUE'], data });
    secret = second.get('TRUE').ownSecret;
    assert.equal(hub.received.length, 0, 'the hub is not known yet');
    second.setHub(hub.address);
    await until(() => hub.received.length === 1);
    assert.deepEqual(hub.received[0]?.outcomes, { default: 'applied', except: [], first: 1, last: 5 });
    await until(() => second.get('TRUE').provider.known.get(1)?.known[0]?.told);
    await second.stop();
    const third = await startSimulator({ providers: ['TRUE'], data, hub: hub.address });
    await send(third.get('TRUE'), 2, addLines(6, 1, 6));
    await until(() => hub.received.length >= 2);
    assert.deepEqual(
      hub.received.map((one) => one.batch),
      [1, 2],
    );
    await third.stop();
    await hub.close();
    rmSync(data, { recursive: true });
  });
});

describe('loopback only', () => {
  test('any other address is refused before anything is opened', async () => {
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      '192.168.1.1',
      'example.com',
      '127.0.0.1.example.com',
      '::ffff:10.0.0.1',
    ]) {
      assert.ok(!isLoopbackHost(host), host);
      await assert.rejects(startSimulator({ host }), NotLoopbackError, host);
    }
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])
      assert.ok(isLoopbackHost(host), host);
    await assert.rejects(startSimulator({ hub: 'http://hub.example.com:3000' }), NotLoopbackError);
    await assert.rejects(startSimulator({ hub: 'ftp://127.0.0.1' }), /http/);
    const simulator = await startSimulator({ providers: ['AIS'] });
    assert.throws(() => simulator.setHub('http://203.0.113.9'), NotLoopbackError);
    await simulator.stop();
  });
});

describe('main', () => {
  test('prints the addresses of all six, answers, and ends at SIGTERM', async () => {
    const data = mkdtempSync(join(tmpdir(), 'sim-main-'));
    const child = spawn(process.execPath, [MAIN, '--data', data]);
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const { ready, providers } = JSON.parse(line) as {
      ready: boolean;
      providers: Record<string, { control: string; secretsFile: string }>;
    };
    assert.equal(ready, true);
    assert.deepEqual(Object.keys(providers), [...PROVIDER_CODES]);
    for (const code of PROVIDER_CODES) {
      const state = await call(`${providers[code]!.control}/state`, 'GET', '', {});
      assert.equal((JSON.parse(state.text) as { held: number }).held, 0);
      assert.match(readFileSync(providers[code]!.secretsFile, 'utf8'), /whsec_/);
    }
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGTERM');
    assert.equal(await ended, 0);
    assert.ok(readdirSync(join(data, 'AIS')).includes('snapshot'));
    rmSync(data, { recursive: true });
  });

  test('says what is wrong', async () => {
    for (const [args, message] of [
      [['--providers', 'N!'], /two to eight letters or digits/],
      [['--hub', 'http://10.1.1.1'], /loopback/],
      [['--base-port', 'x'], /whole number/],
    ] as const) {
      const child = spawn(process.execPath, [MAIN, ...args]);
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const code = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(code, 1);
      assert.match(text, message);
    }
  });
});
