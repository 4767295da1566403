// The database as stations use it: TypeORM's connection, transactions as plain SQL, COPY, and numbers that are numbers.
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DataSource, QueryFailedError, type DataSourceOptions, type QueryRunner } from 'typeorm';
import type { Tx } from '#contracts';
import { MIGRATIONS } from '../../migrations/index.js';

// TypeORM and pg hand out bigint as strings, where '9' > '10'. All of ours are counts and positions far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, (value) => {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`bigint outside the safe range: ${value.length} digits`);
  return number;
});
// A day is a day: parsed into a Date it would move with the machine's time zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (value) => value);

/** @param idleTransactionS seconds after which the server ends a transaction in which nothing happens, and frees its locks */
export function dataSourceOptions(
  url: string,
  poolSize = 12,
  entities: Function[] = [],
  idleTransactionS = 60,
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: entities as never[],
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migration',
    // jit costs more than it gives on our short statements.
    extra: {
      max: poolSize,
      options: `-c jit=off -c idle_in_transaction_session_timeout=${idleTransactionS}s`,
      keepAlive: true,
    },
    applicationName: 'saphan',
  };
}

export function dataSource(url: string, poolSize = 12, entities: Function[] = []): DataSource {
  return new DataSource(dataSourceOptions(url, poolSize, entities));
}

/** Runs what is pending and returns its names. Safe to call from several processes: an advisory lock lets one through. */
export async function migrate(url: string): Promise<string[]> {
  const source = dataSource(url, 2);
  await source.initialize();
  const runner = source.createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock(7240001)');
    const done = await source.runMigrations({ transaction: 'each' });
    return done.map((migration) => migration.name);
  } finally {
    await runner.query('SELECT pg_advisory_unlock(7240001)').catch(() => undefined);
    await runner.release();
    await source.destroy();
  }
}

/** Names of migrations that were not run yet; a process refuses to start with any. */
export async function pendingMigrations(source: DataSource): Promise<boolean> {
  return source.showMigrations();
}

/** A transaction that can also COPY. */
export interface CopyTx extends Tx {
  /** Streams rows in COPY text format (tab separated, `\N` for null, each row ended by a newline) into a table. */
  copy(target: string, rows: Iterable<string> | AsyncIterable<string>): Promise<void>;
  /** The same in COPY's binary format: header, rows and trailer are the caller's. */
  copyBinary(target: string, pieces: AsyncIterable<Buffer>): Promise<void>;
}

/** Rows of any statement. TypeORM's plain answer to UPDATE and DELETE is a pair; its structured one always has the rows. */
async function rowsOf<Row>(runner: QueryRunner, sql: string, params?: unknown[]): Promise<Row[]> {
  try {
    const result = await runner.query(sql, params, true);
    return (result.records ?? []) as Row[];
  } catch (error) {
    throw withoutValues(error);
  }
}

/** A failed statement carries its parameters, and PostgreSQL's detail quotes keys: both may hold a number. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof QueryFailedError)) return error;
  Object.defineProperty(error, 'parameters', { value: undefined });
  const driver = error.driverError as { detail?: string; where?: string };
  delete driver.detail;
  delete driver.where;
  return error;
}

async function copyInto(
  runner: QueryRunner,
  statement: string,
  rows: Iterable<string | Buffer> | AsyncIterable<string | Buffer>,
): Promise<void> {
  const client = (await runner.connect()) as pg.PoolClient;
  try {
    await pipeline(Readable.from(rows), client.query(copyFrom(statement)));
  } catch (error) {
    // COPY's own context quotes the row it failed at.
    if (error instanceof Error) delete (error as { where?: string }).where;
    throw error;
  }
}

function txOf(runner: QueryRunner): CopyTx {
  return {
    query: (sql, params) => rowsOf(runner, sql, params),
    copy: (target, rows) => copyInto(runner, `COPY ${target} FROM STDIN`, rows),
    copyBinary: (target, pieces) => copyInto(runner, `COPY ${target} FROM STDIN (FORMAT binary)`, pieces),
  };
}

/** SQLSTATEs after which the same transaction may simply be run again: serialization failure and deadlock. */
const AGAIN = new Set(['40001', '40P01']);

/**
 * Runs `work` in one READ COMMITTED transaction (or REPEATABLE READ for reading as of one position), commits, returns
 * its result. Deadlock victims are run again up to three times, so `work` must not touch anything but its transaction.
 */
export async function inTransaction<T>(
  source: DataSource,
  work: (tx: CopyTx) => Promise<T>,
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const runner = source.createQueryRunner();
    try {
      // READ COMMITTED is the server's own default: naming it would cost a round trip in every transaction.
      await runner.startTransaction(isolation === 'READ COMMITTED' ? undefined : isolation);
      const result = await work(txOf(runner));
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      const code = (error as { driverError?: { code?: string } }).driverError?.code;
      if (tries < 3 && code !== undefined && AGAIN.has(code)) continue;
      throw error;
    } finally {
      await runner.release();
    }
  }
}

/** One statement outside any transaction. */
export async function query<Row = Record<string, unknown>>(
  source: DataSource,
  sql: string,
  params?: unknown[],
): Promise<Row[]> {
  const runner = source.createQueryRunner();
  try {
    return await rowsOf<Row>(runner, sql, params);
  } finally {
    await runner.release();
  }
}

/**
 * For transactions that touch few rows of large tables, whatever the statistics say: while a first import runs there are
 * none yet, and the planner then reads whole tables for every chunk (measured: 24 ms instead of 9 per 2,000 lines at
 * 40 thousand rows, and growing with the table).
 */
export const INDEX_PLANS =
  'SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;';

/** A value in COPY text format. */
export function copyField(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '\\N';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'number') return String(value);
  return /[\\\t\n\r]/.test(value)
    ? value.replace(/[\\\t\n\r]/g, (c) => (c === '\\' ? '\\\\' : c === '\t' ? '\\t' : c === '\n' ? '\\n' : '\\r'))
    : value;
}
