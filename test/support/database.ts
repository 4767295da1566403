// A database per spec: a copy of one template that was migrated once per run.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '#platform';
import { testServerUrl } from './postgres.js';

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, ending what is still connected to it. */
  drop(): Promise<void>;
}

const template = 'saphan_template';

/** Any number will do, as long as it is the same in every spec process. */
const templateLock = 727_001;

/** A database with all migrations applied and no rows, for the caller alone. */
export async function freshDatabase(): Promise<TestDatabase> {
  const server = await testServerUrl();
  await withClient(server, prepareTemplate);
  return createDatabase(server, `TEMPLATE ${template}`);
}

/** A database with nothing in it, for tests of the migrations themselves and of foreign schemas. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase(await testServerUrl(), 'TEMPLATE template0');
}

async function createDatabase(server: string, from: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server, (client) => client.query(`CREATE DATABASE ${name} ${from}`));
  const drop = async (): Promise<void> => {
    await withClient(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { url: withDatabase(server, name), drop };
}

/** The first to come migrates; the others, which may be other processes, wait for it. */
async function prepareTemplate(client: pg.Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
  const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1 AND NOT datallowconn', [template]);
  if (known.rowCount === 0) {
    await client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${template} TEMPLATE template0`);
    const { host } = client;
    await migrate(withDatabase(`postgres://${client.user}:${client.password}@${host}:${client.port}/`, template));
    // Copying needs a template that nobody is connected to; this also marks it as finished.
    await client.query(`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
  }
  await client.query('SELECT pg_advisory_unlock($1)', [templateLock]);
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
