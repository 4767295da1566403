// `npm start` as a person sees it: a table with every sample line acknowledged or rejected, a clean stop, and a second start
// that goes on with the data, on another port when the wanted one is taken.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import axios from 'axios';

interface Started {
  output: string;
  address: string;
  stop(): Promise<number | null>;
}

describe('npm start', () => {
  let home: string;
  const running = new Set<ChildProcess>();
  before(() => {
    home = mkdtempSync(path.join(tmpdir(), 'saphan-start-'));
    // PostgreSQL's own user must be able to pass through, when we are root.
    chmodSync(home, 0o755);
  });
  after(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  async function start(port: number): Promise<Started> {
    const child = spawn(process.execPath, [path.resolve('dist/apps/standalone/main.js')], {
      env: {
        ...process.env,
        SAPHAN_DATA: path.join(home, 'data'),
        SAPHAN_PORT: String(port),
        SAPHAN_SAMPLE_LINES: '600',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        output += chunk.toString('utf8');
        if (output.includes('Ready in')) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready:\n${output}`)));
    });
    const address = /Health\s+(http:\S+)\/health\/ready/.exec(output)?.[1] ?? '';
    return {
      output,
      address,
      async stop() {
        const ended = once(child, 'exit');
        child.kill('SIGINT');
        const [code] = (await ended) as [number | null];
        running.delete(child);
        return code;
      },
    };
  }

  /** Rows of the table: provider → lines, applied, rejected, waiting. */
  function table(output: string): Map<string, number[]> {
    const rows = [...output.matchAll(/^ {2}(CAT|TOT|AIS|TRUE|DTAC|3BB) +(\d+) +(\d+) +(\d+) +(\d+)$/gm)];
    return new Map(rows.map(([, code, ...numbers]) => [code ?? '', numbers.map(Number)]));
  }

  test('first start: everything acknowledged; second start: the same data, another port when the wanted one is taken', async () => {
    const first = await start(0);
    const rows = table(first.output);
    assert.equal(rows.size, 6, first.output);
    let lines = 0;
    for (const [code, [all = 0, applied = 0, rejected = 0, waiting = 0]] of rows) {
      assert.equal(waiting, 0, code);
      assert.equal(all, applied + rejected, code);
      lines += all;
    }
    assert.ok(lines > 500, first.output);
    assert.match(first.output, /API key, shown only now/);
    const { url, key } = JSON.parse(readFileSync(path.join(home, 'data', 'cli.json'), 'utf8')) as {
      url: string;
      key: string;
    };
    assert.equal(url, first.address);
    assert.equal((await axios.get(`${url}/health/ready`)).status, 200);
    const provider = await axios.get<{ present: { total: number } }>(`${url}/v1/providers/AIS`, {
      headers: { authorization: `Bearer ${key}` },
    });
    assert.equal(provider.data.present.total, rows.get('AIS')?.[0]);
    assert.equal(await first.stop(), 0);

    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const second = await start(port);
    taken.close();
    assert.match(second.output, new RegExp(`Port ${port} is taken`));
    assert.notEqual(new URL(second.address).port, String(port));
    assert.deepEqual(table(second.output), rows);
    assert.doesNotMatch(second.output, /API key/);
    assert.equal(await second.stop(), 0);
  });
});
