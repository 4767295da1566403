// A whole hub for tests that kill: api and worker as processes of their own, simulators in this one, and what must hold.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import axios, { type AxiosInstance } from 'axios';
import { createApiKey } from '#operations';
import { seedAgencies } from '#intake';
import { HUB_ACTOR_ID, migrateQueues, query, type FaultPoint } from '#platform';
import { startTestHub, type TestHub, type TestHubOptions } from '../support/hub.js';
import { assertNumbers } from '../support/numbers.js';

export const CODES = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'] as const;
export type Code = (typeof CODES)[number];

/** How long a point may take to be reached, and a hub to settle, in seconds; the machine may be busy. */
const REACHED_S = 40;
const SETTLED_S = 90;

export interface Spawned {
  child: ChildProcess;
  /** What it wrote to standard error. */
  said(): string;
  /** Ends with the signal, or the exit code, that it ended with. */
  ended: Promise<string>;
}

export interface FaultHub {
  hub: TestHub;
  url: string;
  onde: AxiosInstance;
  /** A second person. */
  approver: { actorId: number; http: AxiosInstance };
  spawn(which: 'api' | 'worker', extra?: NodeJS.ProcessEnv): Spawned;
  /** Starts the API and waits until it is ready. */
  startApi(extra?: NodeJS.ProcessEnv): Promise<Spawned>;
  kill(one: Spawned | undefined): Promise<void>;
  /** Kills a process at a point: starts it with that fault, and waits until it is dead. What `act` throws is its death. */
  diesAt(
    which: 'api' | 'worker',
    point: FaultPoint,
    act?: (died: Promise<unknown>) => Promise<unknown>,
    passing?: number,
  ): Promise<void>;
  /** Waits until everything that was begun has ended, whoever does it. */
  settled(): Promise<void>;
  /** A worker that is left alone, until all is settled; then everything that must hold is asserted. */
  recovers(tolerated?: readonly string[]): Promise<void>;
  /** Nothing was lost, nothing was applied twice in effect, and every line has one outcome. */
  assertAllWell(tolerated?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

export async function startFaultHub(options: Partial<TestHubOptions> = {}): Promise<FaultHub> {
  const cache = path.join(os.tmpdir(), 'saphan-compile-cache');
  mkdirSync(cache, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const hub = await startTestHub({
    providers: [...CODES],
    signatureCheck: 'native',
    ...options,
    profile: (profile) => {
      const quick = {
        ...profile,
        // AIS has enough lines here for the removal brake to hold some of them.
        maxLines: profile.code === 'AIS' ? 40 : 3,
        receiptDeadlineS: 20,
        outcomeDeadlineS: 20,
        transport: { ...profile.transport, timeoutMs: profile.transport.kind === 'sftp' ? 3_000 : 1_500 },
      };
      return options.profile ? options.profile(quick) : quick;
    },
    env: {
      SAPHAN_LEASE_S: '1',
      SAPHAN_SWEEP_MS: '200',
      SAPHAN_DATABASE_POOL: '6',
      SAPHAN_PORT: String(port),
      SAPHAN_PUBLIC_URL: url,
      // Started again and again: what is compiled once is kept.
      NODE_COMPILE_CACHE: cache,
      ...options.env,
    },
  });
  await migrateQueues(hub.config);
  await seedAgencies(hub.source);
  const children: Spawned[] = [];
  const client = async (name: string, scopes: string[]): Promise<{ actorId: number; http: AxiosInstance }> => {
    const { key, actorId } = await createApiKey(hub.source, { name, scopes }, HUB_ACTOR_ID);
    const headers = { authorization: `Bearer ${key}` };
    return { actorId, http: axios.create({ baseURL: url, headers, maxRedirects: 0 }) };
  };
  const { http: onde } = await client('the test', ['onde', 'ops.read', 'ops.act']);
  const approver = await client('second person', ['approve', 'ops.read']);
  for (const [code, one] of hub.simulator.providers) {
    if (one.style !== 'pull') continue;
    const feed = { name: `feed of ${code}`, scopes: [`provider:${code}`] };
    one.setFeedKey((await createApiKey(hub.source, feed, HUB_ACTOR_ID)).key);
  }
  hub.simulator.setHub(url);

  const launch: FaultHub['spawn'] = (which, extra = {}) => {
    const child = spawn(process.execPath, [path.resolve(`dist/apps/${which}/main.js`)], {
      env: { ...hub.env, ...extra },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr?.on('data', (data: Buffer) => (text = (text + data.toString()).slice(-4_000)));
    const ended = once(child, 'close').then(([code, signal]: unknown[]) =>
      String(signal ?? `exit code ${String(code)}`),
    );
    const one: Spawned = { child, said: () => text, ended };
    children.push(one);
    return one;
  };
  const kill: FaultHub['kill'] = async (one) => {
    if (!one || one.child.exitCode !== null || one.child.signalCode !== null) return;
    one.child.kill('SIGKILL');
    await one.ended;
  };
  let api: Spawned | undefined;
  const startApi: FaultHub['startApi'] = async (extra) => {
    await kill(api);
    const one = launch('api', extra);
    api = one;
    for (const end = Date.now() + 30_000; ; await pause(25)) {
      const ready = await axios.get(`${url}/health/ready`, { timeout: 2_000, validateStatus: () => true }).then(
        (answer) => answer.status === 200,
        () => false,
      );
      // A fault may strike before it is asked.
      if (ready || one.child.signalCode !== null) return one;
      if (one.child.exitCode !== null || Date.now() > end) throw new Error(`the API is not ready: ${one.said()}`);
    }
  };
  const assertAllWell: FaultHub['assertAllWell'] = async (tolerated = []) => {
    for (const [code, book] of Object.entries(await hub.compareBooks())) {
      assert.deepEqual(book, { desired: book.desired, held: book.desired, wrong: 0 }, code);
    }
    await assertNumbers(hub, tolerated);
    for (const [what, sql] of Object.entries(MUST_BE_EMPTY)) assert.deepEqual(await query(hub.source, sql), [], what);
  };
  const settled: FaultHub['settled'] = async () => {
    await settledRuns(hub);
    await hub.settled(SETTLED_S);
  };
  return {
    hub,
    url,
    settled,
    onde,
    approver,
    spawn: launch,
    startApi,
    kill,
    assertAllWell,
    async diesAt(which, point, act, passing = 1) {
      const fault = { SAPHAN_FAULT: `${point}:${passing}` };
      const one = which === 'api' ? await startApi(fault) : launch('worker', fault);
      const acting = act?.(one.ended).catch(() => undefined);
      const how = await Promise.race([one.ended, pause(REACHED_S * 1000).then(() => 'nothing: it was never reached')]);
      if (how !== 'SIGKILL') await kill(one);
      await acting;
      assert.equal(how, 'SIGKILL', `at ${point}; it said: ${one.said()}`);
      assert.match(one.said(), new RegExp(`killed at ${point.replace('.', '\\.')}`));
      if (which === 'api') await startApi();
    },
    async recovers(tolerated = []) {
      const worker = launch('worker');
      try {
        await settled();
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : String(error)}; the worker said: ${worker.said()}`);
      } finally {
        await kill(worker);
      }
      await assertAllWell(tolerated);
    },
    async close() {
      for (const one of children) await kill(one);
      await hub.close();
    },
  };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

/** Waits until a fact holds; throws with what it was. */
export async function until(what: string, holds: () => Promise<boolean>, withinS = SETTLED_S): Promise<void> {
  for (const end = Date.now() + withinS * 1000; !(await holds()); await pause(50)) {
    if (Date.now() > end) throw new Error(`not within ${withinS} s: ${what}`);
  }
}

/** Waits until so many batches were taken in all. */
export async function begun(kit: FaultHub, batches: number): Promise<void> {
  await until(`${batches} batches are delivered`, async () => {
    const [row] = await query<{ n: number }>(
      kit.hub.source,
      `SELECT count(*) AS n FROM batch WHERE accepted_at IS NOT NULL`,
    );
    return (row?.n ?? 0) >= batches;
  });
}

/** Batches that are settled. */
export const delivered = async (kit: FaultHub): Promise<number> => {
  const [row] = await query<{ n: number }>(kit.hub.source, `SELECT count(*) AS n FROM batch WHERE state = 'settled'`);
  return row?.n ?? 0;
};

const UNENDED = `
SELECT 'import' AS what, run_id AS id, state FROM import_run WHERE state NOT IN ('completed', 'stopped', 'failed', 'undone', 'previewed')
UNION ALL SELECT 'reconciliation', run_id, 'open' FROM reconciliation WHERE ended_at IS NULL
UNION ALL SELECT 'forward', run_id, 'open' FROM reconciliation WHERE forward_to IS NOT NULL AND forward_ended_at IS NULL
UNION ALL SELECT 'plan', plan_id, state FROM repair_plan WHERE state = 'applying'
UNION ALL SELECT 'replay', replay_id, state FROM replay WHERE state = 'running'
UNION ALL SELECT 'hold', hold_id, state FROM removal_hold WHERE state = 'releasing'
UNION ALL SELECT 'hand-over', hand_over_id, state FROM hand_over WHERE state = 'running'
UNION ALL SELECT 'move', line_id, state FROM move WHERE state = 'open'
UNION ALL SELECT 'sync', sync_id, state FROM sync_provider WHERE ended_at IS NULL
UNION ALL SELECT 'list', provider_id, state FROM destination_delivery WHERE state IN ('waiting', 'told')`;

async function settledRuns(hub: TestHub): Promise<void> {
  let left: unknown[] = [];
  await until('everything that was begun has ended', async () => {
    left = await query(hub.source, UNENDED);
    return left.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(left.slice(0, 20))}`);
  });
}

/** What the properties of DESIGN.md, section 9, forbid in the database once all is settled. */
const MUST_BE_EMPTY: Record<string, string> = {
  'every line of a settled batch has one outcome (4)': `
    SELECT provider_id, number FROM batch WHERE state = 'settled' AND kind = 'delta'
      AND line_count <> n_applied + n_already + n_rejected + n_retrying + n_uncertain`,
  'lines, collapsed and omitted are the range (4)': `
    SELECT provider_id, number FROM batch WHERE kind = 'delta' AND NOT pruned
      AND line_count + cardinality(collapsed) + cardinality(omitted) <> to_seq - from_seq + 1`,
  'acknowledged and sent are no further than desired (1)': `
    SELECT provider_id FROM provider_stream s JOIN provider_counter c USING (provider_id) WHERE s.sealed_seq > c.last_seq
    UNION ALL SELECT provider_id FROM batch b JOIN provider_counter c USING (provider_id) WHERE b.to_seq > c.last_seq`,
  'the log has no gap, and an entry is its latest change (1)': `
    SELECT provider_id, 'gap' AS fault FROM change GROUP BY 1 HAVING max(seq) <> count(*)
    UNION ALL SELECT e.provider_id, 'entry' FROM entry e LEFT JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
      WHERE e.last_seq > 0 AND c.entry_ref IS DISTINCT FROM e.entry_ref
    UNION ALL SELECT e.provider_id, 'content' FROM entry e JOIN change c ON c.provider_id = e.provider_id AND c.seq = e.last_seq
      WHERE (c.present, c.package, c.valid_from, c.valid_to) IS DISTINCT FROM (e.present, e.package, e.valid_from, e.valid_to)
        AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = e.provider_id AND x.seq = e.last_seq AND x.kind = 'held' AND x.ended_at IS NULL)`,
  'every change stands in exactly one batch that is not refused (3)': `
    SELECT c.provider_id, c.seq FROM change c JOIN provider_stream s USING (provider_id)
    LEFT JOIN batch b ON b.provider_id = c.provider_id AND b.kind = 'delta' AND b.state <> 'refused' AND c.seq BETWEEN b.from_seq AND b.to_seq
      AND NOT c.seq = ANY(b.omitted || b.collapsed)
    LEFT JOIN batch f ON f.provider_id = c.provider_id AND f.kind = 'full' AND c.seq BETWEEN f.from_seq AND f.to_seq
    WHERE f.number IS NULL GROUP BY 1, 2 HAVING count(b.number) > 1`,
  'nobody was stopped, and nothing is uncertain (5)': `
    SELECT provider_id, paused_at::text AS why FROM provider_stream WHERE paused_at IS NOT NULL
    UNION ALL SELECT provider_id, kind FROM exception WHERE ended_at IS NULL AND kind IN ('uncertain', 'retrying')`,
  'what is registered is on the list (9)': `
    SELECT r.registration_id FROM registration r JOIN line l USING (line_id)
      LEFT JOIN entry e ON e.provider_id = r.provider_id AND e.line_id = r.line_id AND e.present
    WHERE r.state = 'confirmed' AND (l.withdrawn_at IS NULL OR r.confirmed_at > l.withdrawn_at) AND r.valid_from <= current_date
      AND (r.valid_to IS NULL OR r.valid_to >= current_date + 1) AND e.line_id IS NULL`,
};
