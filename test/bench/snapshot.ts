// Comparing a provider's list with ours by the whole of it: a gzipped stream of NDJSON over HTTP, equal and with differences.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { query } from '#platform';
import { foldHeld } from '../../libs/reconciliation/held.js';
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { fill } from './reconcile.js';

const SECRET = Buffer.alloc(32, 5);
const DIFFERENCES = [0, 1_000] as const;
const run = promisify(execFile);

export interface SnapshotFigures {
  entries: number;
  runs: {
    differences: number;
    found: number | string;
    ms: number;
    /** Of the comparing process, in milliseconds: what is left of `ms` was spent in PostgreSQL, waiting, or by others on the machine. */
    cpuMs: number;
    bytes: number;
    gzipBytes: number;
    peakBytes: number;
  }[];
}

interface Fill {
  source: Awaited<ReturnType<typeof fill>>['source'];
  providerId: number;
}

/** Writes the list as it was acknowledged, but for the first `differences` lines, which have another package. */
async function writeList(
  { source, providerId }: Fill,
  file: string,
  entries: number,
  differences: number,
  request: number,
): Promise<void> {
  async function* lines(): AsyncGenerator<string> {
    const [{ batch } = { batch: 0 }] = await query<{ batch: number }>(
      source,
      'SELECT max(number) AS batch FROM batch WHERE provider_id = $1',
      [providerId],
    );
    const head = {
      snapshot: '1.0',
      provider: 'AIS',
      batch,
      appliedSeq: entries,
      count: entries,
      takenAt: new Date().toISOString(),
      request: String(request),
    };
    yield `${JSON.stringify(head)}\n`;
    let n = 0;
    for (let after = 0; n < entries;) {
      const rows = await query<{ line_id: number; ref: string; key: string }>(
        source,
        `SELECT e.line_id, entry_ref AS ref, line_key AS key FROM entry e JOIN line USING (line_id)
         WHERE provider_id = $1 AND line_id > $2 ORDER BY line_id LIMIT 20000`,
        [providerId, after],
      );
      let text = '';
      for (const { ref, key } of rows) {
        const other = n++ < differences;
        text += `{"ref":"${ref}","access":"MB","line":"+${key.slice(2)}","package":"${other ? 'OTHER' : 'WFH-MB-FREE'}","from":"2020-03-19","to":null}\n`;
      }
      after = rows.at(-1)?.line_id ?? after;
      if (rows.length === 0) break;
      yield text;
    }
  }
  const hash = createHash('sha256');
  async function* whole(): AsyncGenerator<string> {
    for await (const text of lines()) {
      hash.update(text);
      yield text;
    }
    yield `${JSON.stringify({ end: entries, sha256: hash.digest('hex') })}\n`;
  }
  await pipeline(Readable.from(whole()), createGzip({ level: 1 }), createWriteStream(file));
}

export async function measureSnapshot(
  server: EmbeddedPostgres,
  dir: string,
  entries: number,
): Promise<SnapshotFigures> {
  const filled = await fill(server, 'snapshot', entries);
  const { source, providerId } = filled;
  let file = '';
  const provider = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' });
    pipeline(createReadStream(file), response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const target = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  try {
    // Made when batches end, not when lists are compared.
    await foldHeld(source, providerId, SECRET, Number.MAX_SAFE_INTEGER);
    await query(source, 'VACUUM ANALYZE held');
    const figures: SnapshotFigures = { entries, runs: [] };
    for (const [i, differences] of DIFFERENCES.entries()) {
      file = path.join(dir, `list-${differences}.ndjson.gz`);
      await writeList(filled, file, entries, differences, i + 1);
      const script = path.resolve('dist/test/bench/snapshot-process.js');
      const given = [
        '--database',
        server.url('snapshot'),
        '--target',
        target,
        '--provider',
        String(providerId),
        '--run',
        String(i + 1),
        '--secret',
        SECRET.toString('hex'),
      ];
      const { stdout } = await run(process.execPath, [script, ...given], { env: { ...process.env, NODE_OPTIONS: '' } });
      const one = JSON.parse(stdout) as {
        ms: number;
        cpuMs: number;
        found: number | string;
        bytes: number;
        peakBytes: number;
      };
      figures.runs.push({ differences, ...one, gzipBytes: statSync(file).size });
    }
    return figures;
  } finally {
    provider.close();
    await source.destroy();
  }
}
