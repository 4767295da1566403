// The receivers that stand in the documents for providers, as processes of their own.
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fencedBlocks } from '../docs/fenced-blocks.js';

/** The receiver in docs/providers/<code>.md; the one block labelled `js receiver=<code>`. */
export function documentedReceiver(code: 'ais' | 'true'): string {
  const blocks = fencedBlocks(readFileSync(join(process.cwd(), 'docs', 'providers', `${code}.md`), 'utf8'));
  const found = blocks.filter((one) => one.labels['receiver'] === code);
  assert.equal(found.length, 1, `docs/providers/${code}.md has ${found.length} blocks labelled receiver=${code}`);
  return found[0]!.text;
}

export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export interface RunningReceiver {
  target: string;
  /** Where it keeps what it took. */
  store: string;
  /** Kills it at once, as a power cut would, and starts it again with the same store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a receiver's source with these settings; resolves when it says that it receives. */
export async function startReceiver(source: string, settings: Record<string, string>): Promise<RunningReceiver> {
  const folder = mkdtempSync(join(tmpdir(), 'saphan-receiver-'));
  const file = join(folder, 'receiver.mjs');
  const store = join(folder, 'store.journal');
  writeFileSync(file, source);
  const port = await freePort();
  const start = async (): Promise<() => Promise<void>> => {
    const child = spawn(process.execPath, [file], {
      cwd: folder,
      env: { PATH: process.env['PATH'], STORE: store, PORT: String(port), ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
      child.stdout.on('data', (piece: Buffer) => piece.toString().includes('receives at') && resolve());
      child.once('close', () => reject(new Error(`the receiver ended: ${said}`)));
    });
    return () => {
      child.kill('SIGKILL');
      return ended;
    };
  };
  let kill = await start();
  return {
    target: `http://127.0.0.1:${port}`,
    store,
    async restart() {
      await kill();
      kill = await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
