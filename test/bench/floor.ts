// The floor: the least that any program must do with these lines. COPY of the file, range reads, POST, one row per batch.
// node dist/test/bench/floor.js <file.csv> <receiver port>, address of an empty database in DATABASE_URL.
// Imports nothing of the hub.
import { createReadStream } from 'node:fs';
import http from 'node:http';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const BATCH = 5000;
/** As many batches are under way at once; the receiver works while the next one is read. */
const LANES = 2;

const [file = '', port = '0'] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: LANES });
const agent = new http.Agent({ keepAlive: true, maxSockets: LANES });

const COLUMNS = [
  'agency',
  'reference',
  'first_name',
  'last_name',
  'access',
  'provider',
  'phone',
  'circuit',
  'valid_from',
  'valid_to',
  'apps',
  'confirmed_at',
  'confirmed_by',
  'document',
];

const began = performance.now();
await pool.query(
  `CREATE TABLE line (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ${COLUMNS.map((name) => `${name} text`).join(', ')})`,
);
await pool.query('CREATE TABLE sent (first bigint PRIMARY KEY, acknowledged bigint NOT NULL DEFAULT 0)');
const client = await pool.connect();
await pipeline(
  createReadStream(file),
  client.query(copyFrom(`COPY line (${COLUMNS.join(', ')}) FROM STDIN (FORMAT csv, HEADER)`)),
);
client.release();
const copied = performance.now();

const { rows: ends } = await pool.query<{ last: string | null }>('SELECT max(seq) AS last FROM line');
const last = Number(ends[0]?.last ?? 0);
let next = 1;
await Promise.all(Array.from({ length: LANES }, lane));
const done = performance.now();
process.stdout.write(`${JSON.stringify({ lines: last, copyMs: copied - began, totalMs: done - began })}\n`);
await pool.end();
agent.destroy();

async function lane(): Promise<void> {
  while (next <= last) {
    const first = next;
    next += BATCH;
    const { rows } = await pool.query(
      'SELECT seq::int, provider, access, phone, circuit, valid_from, valid_to FROM line WHERE seq BETWEEN $1 AND $2 ORDER BY seq',
      [first, first + BATCH - 1],
    );
    await pool.query('INSERT INTO sent (first) VALUES ($1)', [first]);
    const applied = await post(JSON.stringify({ first, lines: rows }));
    await pool.query('UPDATE sent SET acknowledged = $2 WHERE first = $1', [first, applied]);
  }
}

function post(body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port: Number(port), method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve((JSON.parse(text) as { applied: number }).applied));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
