// Where the time went: PostgreSQL's most expensive statements, and the functions that kept each process busy.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmbeddedPostgres } from '../../apps/standalone/embedded-postgres.js';
import { withServer } from './system.js';

/** Server settings with which `statements` has something to tell. Counting costs some per cent. */
export const PROFILED_SETTINGS = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_utility': 'on',
  track_io_timing: 'on',
  track_wal_io_timing: 'on',
};

export interface Statement {
  text: string;
  calls: number;
  totalMs: number;
  meanMs: number;
  rows: number;
  walMb: number;
}

export async function startStatements(server: EmbeddedPostgres): Promise<void> {
  await withServer(server, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
    await client.query('SELECT pg_stat_statements_reset()');
  });
}

/** The most expensive statements of one database, dearest first. Statements inside functions are left out. */
export async function statements(server: EmbeddedPostgres, database: string, most: number): Promise<Statement[]> {
  return withServer(server, async (client) => {
    const { rows } = await client.query<Statement>(
      `SELECT regexp_replace(left(query, 2000), '\\s+', ' ', 'g') AS text, calls::float8, total_exec_time AS "totalMs", mean_exec_time AS "meanMs",
         rows::float8, wal_bytes::float8 / 1048576 AS "walMb"
       FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 AND toplevel ORDER BY total_exec_time DESC LIMIT $2`,
      [database, most],
    );
    return rows;
  });
}

export interface BusyFunction {
  name: string;
  selfMs: number;
  share: number;
}

export interface ProcessProfile {
  process: string;
  wallMs: number;
  busyMs: number;
  byPackage: BusyFunction[];
  byFunction: BusyFunction[];
}

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  startTime: number;
  endTime: number;
  samples: number[];
  timeDeltas: number[];
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const IDLE = new Set(['(idle)', '(root)', '(program)']);

/** Of every `.cpuprofile` in the folder: time by package (ours by folder) and by function, without what its callees took. */
export function readProfiles(folder: string, most: number): ProcessProfile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => {
      const profile = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as CpuProfile;
      const self = new Map<number, number>();
      for (const [i, id] of profile.samples.entries())
        self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0) / 1000);
      const packages = new Map<string, number>();
      const functions = new Map<string, number>();
      let busyMs = 0;
      for (const { id, callFrame } of profile.nodes) {
        const ms = self.get(id) ?? 0;
        if (ms === 0 || IDLE.has(callFrame.functionName)) continue;
        busyMs += ms;
        const place = placeOf(callFrame.url);
        add(packages, callFrame.url === '' ? callFrame.functionName || '(native)' : groupOf(place), ms);
        add(
          functions,
          `${callFrame.functionName || '(anonymous)'} ${place}${place ? `:${callFrame.lineNumber + 1}` : ''}`.trim(),
          ms,
        );
      }
      const top = (sums: Map<string, number>): BusyFunction[] =>
        [...sums]
          .map(([name, selfMs]) => ({ name, selfMs, share: selfMs / busyMs }))
          .sort((a, b) => b.selfMs - a.selfMs)
          .slice(0, most);
      return {
        process: name.replace('.cpuprofile', ''),
        wallMs: (profile.endTime - profile.startTime) / 1000,
        busyMs,
        byPackage: top(packages),
        byFunction: top(functions),
      };
    });
}

function add(sums: Map<string, number>, key: string, ms: number): void {
  sums.set(key, (sums.get(key) ?? 0) + ms);
}

function placeOf(url: string): string {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return file.startsWith(ROOT) ? file.slice(ROOT.length).replace(/^dist\//, '') : file;
}

function groupOf(place: string): string {
  const inModules = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1];
  if (inModules) return inModules;
  return place.startsWith('node:') ? place : place.split('/').slice(0, 3).join('/');
}
