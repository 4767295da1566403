// For specs: the real API on a database of its own, with two providers and a key for everybody.
import type { AddressInfo } from 'node:net';
import axios, { type AxiosInstance } from 'axios';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import type { ProviderCode, ProviderProfile } from '#contracts';
import { referenceProfile, withEndpoint } from '#adapters';
import { seedAgencies } from '#intake';
import { createApiKey, firstKey } from '#operations';
import {
  dataSource,
  HUB_ACTOR_ID,
  migrateQueues,
  newMasterKey,
  readConfig,
  saveProvider,
  SecretStore,
  Vault,
} from '#platform';
import { freshDatabase } from '../../../test/support/database.js';
import { createWorker } from '../../worker/create-worker.js';
import { createApi } from '../create-api.js';

export const CALLBACK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface StartedApi {
  url: string;
  api: NestExpressApplication;
  source: DataSource;
  /** Scopes onde, ops.read, ops.act. */
  key: string;
  /** `provider:TRUE` only. */
  trueKey: string;
  /** `ops.read` only. */
  readKey: string;
  ids: Record<ProviderCode, number>;
  /** Never throws for a status; without a key for `null`. */
  client(key?: string | null): AxiosInstance;
  close(): Promise<void>;
}

/** A port that nobody listens on: what is sent there waits for its retry. */
const NOBODY = 'http://127.0.0.1:9';

function profileOf(code: ProviderCode, target = NOBODY): ProviderProfile {
  const profile = referenceProfile(code);
  if (!profile) throw new Error(`there is no reference profile ${code}`);
  return withEndpoint(profile, { target });
}

/**
 * @param targets addresses of providers by code; with any, a worker delivers to all
 * @param redisUrl where the queues live; in PostgreSQL without it
 */
export async function startApi(targets: Record<ProviderCode, string> = {}, redisUrl = ''): Promise<StartedApi> {
  const database = await freshDatabase();
  const config = readConfig({
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    SAPHAN_MASTER_KEY: newMasterKey(),
    SAPHAN_LOG: 'silent',
    SAPHAN_PORT: '0',
    SAPHAN_DATABASE_POOL: '6',
    SAPHAN_ALLOW_PRIVATE_TARGETS: 'yes',
    SAPHAN_SWEEP_MS: '300',
  });
  await migrateQueues(config);
  const source = await dataSource(database.url, 3).initialize();
  const ids: Record<ProviderCode, number> = {};
  for (const code of ['AIS', 'TRUE'])
    ids[code] = await saveProvider(source, profileOf(code, targets[code]), HUB_ACTOR_ID);
  await seedAgencies(source);
  const secrets = new SecretStore(source, new Vault(config.keys.master));
  await secrets.put('true.callback.1', CALLBACK_SECRET, HUB_ACTOR_ID);
  await secrets.put('true.signing.1', CALLBACK_SECRET, HUB_ACTOR_ID);
  await secrets.put('ais.signing.1', CALLBACK_SECRET, HUB_ACTOR_ID);
  const first = await firstKey(source);
  const ofTrue = await createApiKey(source, { name: 'TRUE', scopes: ['provider:TRUE'] }, HUB_ACTOR_ID);
  const reader = await createApiKey(source, { name: 'reader', scopes: ['ops.read'] }, HUB_ACTOR_ID);
  const worker = Object.keys(targets).length > 0 ? await createWorker(config) : null;
  const api = await createApi(config);
  await api.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(api.getHttpServer().address() as AddressInfo).port}`;
  const key = first?.key ?? '';
  return {
    url,
    api,
    source,
    key,
    trueKey: ofTrue.key,
    readKey: reader.key,
    ids,
    client: (given = key) =>
      axios.create({
        baseURL: url,
        validateStatus: () => true,
        headers: given ? { Authorization: `Bearer ${given}` } : {},
      }),
    async close() {
      await worker?.close();
      await api.close();
      await source.destroy();
      await database.drop();
    },
  };
}
