// The sample registrations of a first start: made, imported through the API like any agency's file, and followed home.
import { createReadStream, createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import axios from 'axios';
import type { DataSource } from 'typeorm';
import { generateSample, loadAgencies } from '#intake';
import { bangkokDay, query } from '#platform';
import type { Home } from './home.js';
import { providerLines } from './table.js';

/** Lines of the sample; small enough to be at home within seconds on any machine. */
const SAMPLE_LINES = 3000;
/** Share of rows with the damage that agencies' sheets really have. */
const MESS = 0.03;
/** A start does not wait longer than this for acknowledgements, in milliseconds; sending goes on anyway. */
const PATIENCE_MS = 90_000;

interface Run {
  runId: number;
  state: string;
  counts: Record<string, number>;
}

/** Imports the sample unless something was imported before, then waits until nothing is under way. */
export async function loadSample(
  source: DataSource,
  home: Home,
  address: string,
  say: (text: string) => void,
): Promise<void> {
  const [known] = await query(source, 'SELECT 1 FROM import_run LIMIT 1');
  const wanted = Number(process.env['SAPHAN_SAMPLE_LINES'] ?? SAMPLE_LINES);
  if (!known && wanted > 0) await importSample(home, address, wanted, say);
  const end = Date.now() + PATIENCE_MS;
  let waiting = -1;
  while (Date.now() < end) {
    const lines = await providerLines(source);
    const now = lines.reduce((sum, line) => sum + line.waiting, 0);
    if (now === 0) return;
    if (now !== waiting && process.stdout.isTTY) process.stdout.write(`\r  ${now} lines on their way…   `);
    waiting = now;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  say('Some lines are still on their way; sending goes on.');
}

async function importSample(home: Home, address: string, lines: number, say: (text: string) => void): Promise<void> {
  const keyFile = path.join(home.dir, 'cli.json');
  if (!existsSync(keyFile)) return;
  const { key } = JSON.parse(readFileSync(keyFile, 'utf8')) as { key: string };
  const file = path.join(home.dir, 'sample.csv');
  const report = await generateSample(
    { lines, seed: 2020, mess: MESS, agencies: loadAgencies(), format: 'csv', today: bangkokDay(new Date()) },
    createWriteStream(file, { mode: 0o600 }),
  );
  const damaged = Object.values(report.damaged).reduce((sum, kind) => sum + kind.rows, 0);
  say(
    `Importing ${lines} invented registrations of ${loadAgencies().length} public bodies, ${damaged} of them damaged as sheets are…`,
  );
  const http = axios.create({ baseURL: address, headers: { authorization: `Bearer ${key}` }, maxRedirects: 0 });
  const { data: started } = await http.post<Run>('/v1/imports', createReadStream(file), {
    headers: { 'content-type': 'text/csv' },
  });
  let run = started;
  while (!['completed', 'failed', 'stopped'].includes(run.state)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    run = (await http.get<Run>(`/v1/imports/${started.runId}`)).data;
  }
  rmSync(file, { force: true });
  const { created = 0, repaired = 0, drafts = 0, rejected = 0 } = run.counts;
  say(
    `Import ${run.state}: ${created} registered (${repaired} repaired, ${drafts} drafts without confirmation), ${rejected} rows rejected with a reason.`,
  );
  say(`Rejected rows, to be mended and sent again: ${address}/v1/imports/${run.runId}/errors.csv`);
}
