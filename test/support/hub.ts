// A hub for a test: a fresh database, simulators in this process, workers in this process or as processes of their own.
import { spawn, type ChildProcess } from 'node:child_process';
import assert from 'node:assert/strict';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import {
  inTransaction,
  dataSource,
  HUB_ACTOR_ID,
  migrateQueues,
  newMasterKey,
  query,
  readConfig,
  SecretStore,
  Vault,
  type Config,
} from '#platform';
import type { ProviderProfile } from '#contracts';
import { createApiKey } from '#operations';
import { Deriver } from '#whitelist';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApi } from '../../apps/api/create-api.js';
import { createWorker } from '../../apps/worker/create-worker.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../apps/provider-sim/simulator.js';
import {
  makeDemoSecrets,
  saveDemoProfiles,
  type SimulatorSettings,
} from '../../apps/standalone/simulated-providers.js';
import { freshDatabase } from './database.js';
import { assertWitnessed, tmf641Witness } from './tmf641-schema.js';

type SimulatedCode = NonNullable<SimulatorOptions['providers']>[number];

export interface TestHub {
  source: DataSource;
  config: Config;
  env: NodeJS.ProcessEnv;
  simulator: Simulator;
  /** How files of a simulated provider look; changed in place, its keys change over. */
  fileSettings(code: SimulatedCode): SimulatorSettings['files'];
  /** The API in this process, known to the simulators and to workers made later for callbacks; returns its address. */
  serve(): Promise<string>;
  /** A worker in this process. */
  work(): Promise<INestApplicationContext>;
  /** Ends the workers of this process. */
  stopWorking(): Promise<void>;
  /** A worker as its own process, which can be killed. */
  spawnWorker(extra?: NodeJS.ProcessEnv): ChildProcess;
  /** Waits until nothing is under way at any provider, or throws after `withinS` seconds with what is. */
  settled(withinS?: number): Promise<void>;
  /** Compares every simulator with the entries that are present, and those whose removal is held. */
  compareBooks(): Promise<Record<string, { desired: number; held: number; wrong: number }>>;
  close(): Promise<void>;
}

export interface TestHubOptions {
  providers: SimulatedCode[];
  dials?: SimulatorOptions['settings'];
  profile?: (profile: ProviderProfile) => ProviderProfile;
  redisUrl?: string;
  env?: NodeJS.ProcessEnv;
  /** How the simulators check signatures; the official library is slow on large bodies. */
  signatureCheck?: SimulatorOptions['signatureCheck'];
  /** The simulators' clock in milliseconds, for a test that turns it. */
  now?: () => number;
  /** Kinds of service-order messages that must have been judged by the swagger when the hub closes. */
  witnessed?: Parameters<typeof assertWitnessed>[1];
}

export async function startTestHub(options: TestHubOptions): Promise<TestHub> {
  const database = await freshDatabase();
  const source = await dataSource(database.url, 6).initialize();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: database.url,
    SAPHAN_MASTER_KEY: newMasterKey(),
    SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes',
    SAPHAN_LOG: process.env['SAPHAN_LOG'] ?? 'silent',
    SAPHAN_PORT: '0',
    SAPHAN_SWEEP_MS: '300',
    SAPHAN_LEASE_S: '5',
    REDIS_URL: options.redisUrl ?? '',
    SAPHAN_DATABASE_POOL: '8',
    ...options.env,
  };
  let config = readConfig(env);
  const secrets = await makeDemoSecrets(new SecretStore(source, new Vault(config.keys.master)));
  const orders = tmf641Witness();
  const settings = Object.fromEntries(
    options.providers.map((code) => [code, { ...secrets[code], witness: orders.witness, ...options.dials?.[code] }]),
  );
  const simulator = await startSimulator({
    providers: options.providers,
    settings,
    signatureCheck: options.signatureCheck,
    now: options.now,
  });
  const addresses = Object.fromEntries([...simulator.providers].map(([code, one]) => [code, one.address]));
  const quick = (profile: ProviderProfile): ProviderProfile => ({
    ...profile,
    retryScheduleS: [0.2, 0.5, 1],
    // A test must not depend on the hour at which it runs; those about it set it themselves.
    proofOfLifeAt: null,
    ...(profile.askEveryS ? { askEveryS: 2 } : {}),
    // Whole lists are looked at when a test asks for one.
    ...(profile.observe?.snapshot
      ? { observe: { ...profile.observe, snapshot: { ...profile.observe.snapshot, everyS: null } } }
      : {}),
  });
  await saveDemoProfiles(source, addresses, (profile) => (options.profile ?? ((same) => same))(quick(profile)));
  let api: NestExpressApplication | null = null;
  const workers: INestApplicationContext[] = [];
  const children: ChildProcess[] = [];

  return {
    source,
    get config() {
      return config;
    },
    env,
    simulator,
    fileSettings: (code) => secrets[code]!.files,
    async serve() {
      await migrateQueues(config);
      api = await createApi(config);
      await api.listen(0, '127.0.0.1');
      const url = (await api.getUrl()).replace('[::1]', '127.0.0.1');
      for (const [code, one] of simulator.providers) {
        if (one.style !== 'pull') continue;
        const key = { name: `feed of ${code}`, scopes: [`provider:${code}`] };
        one.setFeedKey((await createApiKey(source, key, HUB_ACTOR_ID)).key);
      }
      simulator.setHub(url);
      // Workers that start from now on tell providers where to send events.
      env['SAPHAN_PUBLIC_URL'] = url;
      config = readConfig(env);
      return url;
    },
    async work() {
      const worker = await createWorker(config);
      workers.push(worker);
      return worker;
    },
    async stopWorking() {
      await Promise.all(workers.splice(0).map((worker) => worker.close()));
    },
    spawnWorker(extra = {}) {
      const child = spawn(process.execPath, [path.resolve('dist/apps/worker/main.js')], {
        env: { ...env, ...extra },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      children.push(child);
      return child;
    },
    async settled(withinS = 60) {
      const end = Date.now() + withinS * 1000;
      for (;;) {
        const busy = await query(source, UNDER_WAY);
        if (busy.length === 0) return;
        if (Date.now() > end) throw new Error(`still under way after ${withinS} s: ${JSON.stringify(busy)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async compareBooks() {
      const result: Record<string, { desired: number; held: number; wrong: number }> = {};
      for (const [code, { provider }] of simulator.providers) {
        const rows = await query<{ entry_ref: string; package: string; valid_from: string; valid_to: string | null }>(
          source,
          `SELECT entry_ref, package, valid_from, valid_to FROM entry JOIN provider USING (provider_id) WHERE code = $1 AND present
           UNION ALL
           SELECT c.entry_ref, c.package, c.valid_from, c.valid_to FROM exception x JOIN provider p USING (provider_id)
           JOIN change c ON c.provider_id = x.provider_id AND c.seq = last_present(x.provider_id, x.seq)
           WHERE p.code = $1 AND x.kind = 'held' AND x.ended_at IS NULL`,
          [code],
        );
        const wanted = new Map(
          rows.map((row) => [row.entry_ref, `${row.package}|${row.valid_from}|${row.valid_to ?? ''}`]),
        );
        let held = 0;
        let wrong = 0;
        const { book } = provider.applier;
        for (const ref of book.sortedRefs()) {
          const line = book.get(ref);
          if (!line) continue;
          held += 1;
          if (wanted.get(ref) !== `${line.package}|${line.from}|${line.to ?? ''}`) wrong += 1;
        }
        result[code] = { desired: wanted.size, held, wrong: wrong + Math.max(0, wanted.size - held) };
      }
      return result;
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await within('the workers', Promise.all(workers.map((worker) => worker.close())));
      await within('the simulators', simulator.stop());
      await within('the API', api?.close());
      await within('the database connections', source.destroy());
      await within('the database', database.drop());
      assert.deepEqual([...orders.faults], [], 'messages of service orders that are not what the standard says');
      assertWitnessed(orders.seen, options.witnessed ?? []);
    },
  };
}

/** A part that does not close would keep the spec running until it is killed, with nobody knowing why. */
async function within(what: string, closing: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not close within 15 s`)), 15_000);
  });
  await Promise.race([closing, late]).finally(() => clearTimeout(timer));
}

const UNDER_WAY = `
SELECT p.code, c.last_seq, s.sealed_seq, s.waiting_for, s.pause_reason,
  (SELECT count(*) FROM batch b WHERE b.provider_id = p.provider_id AND b.state IN ('sealed', 'handed', 'accepted')) AS open,
  (SELECT count(*) FROM refused_range r WHERE r.provider_id = p.provider_id) AS halves,
  (SELECT count(*) FROM omission o WHERE o.provider_id = p.provider_id AND o.ended_at IS NULL) AS waiting,
  (SELECT count(*) FROM exception x WHERE x.provider_id = p.provider_id AND x.kind = 'retrying' AND x.ended_at IS NULL) AS retrying
FROM provider p JOIN provider_stream s USING (provider_id) JOIN provider_counter c USING (provider_id)
WHERE c.last_seq > s.sealed_seq
  OR EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = p.provider_id AND b.state IN ('sealed', 'handed', 'accepted'))
  OR EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = p.provider_id)
  OR EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = p.provider_id AND o.ended_at IS NULL)
  OR EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = p.provider_id AND x.kind = 'retrying' AND x.ended_at IS NULL)`;

/** A planned mass removal of so many lines, approved: what a test takes off beyond the removal brake's budget goes on it. */
export async function planRemovals(source: DataSource, providerId: number, lines: number): Promise<void> {
  await query(
    source,
    `WITH other AS (INSERT INTO actor (name) VALUES ('second person') ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING actor_id)
     INSERT INTO planned_removal (provider_id, lines, valid_until, reason, state, proposed_by, approved_by, approved_at)
     SELECT $1, $2, now() + interval '1 day', 'spec', 'approved', $3, actor_id, now() FROM other`,
    [providerId, lines, HUB_ACTOR_ID],
  );
}

/** Registers `count` new lines at providers in turn, straight through derivation; returns their line ids. */
export async function registerLines(
  source: DataSource,
  count: number,
  providerIds: number[],
  today: string,
): Promise<number[]> {
  const deriver = new Deriver(() => providerIds);
  return inTransaction(source, async (tx) => {
    await tx.query(
      `INSERT INTO agency (code, name_th, category, actor_id) VALUES ('T1', 'หน่วยงานทดสอบ', 'OTHER', 1) ON CONFLICT DO NOTHING`,
    );
    const [{ base } = { base: 0 }] = await tx.query<{ base: number }>('SELECT count(*) AS base FROM line');
    const rows = await tx.query<{ line_id: number }>(
      `INSERT INTO line (line_key) SELECT 'M:66' || (800000000 + $1::bigint + n) FROM generate_series(1, $2::int) n RETURNING line_id`,
      [base, count],
    );
    const ids = rows.map((row) => row.line_id);
    await tx.query(
      `INSERT INTO registration (agency_id, reference, line_id, provider_id, package, valid_from, valid_to, state, confirmed_at, confirmed_by, document_ref, actor_id)
       SELECT (SELECT agency_id FROM agency WHERE code = 'T1'), 'r' || id, id, ($2::smallint[])[1 + (o - 1) % cardinality($2::smallint[])],
         'WAH-MB', $3::date, $3::date + 60, 'confirmed', now(), 'clerk', 'doc', 1
       FROM unnest($1::bigint[]) WITH ORDINALITY AS l(id, o)`,
      [ids, providerIds, today],
    );
    await deriver.derive(tx, { fresh: ids, known: [] }, { cause: 'registered', actorId: 1, runId: null, today });
    return ids;
  });
}
