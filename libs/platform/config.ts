// The one typed configuration tree: every key, where it comes from, its default, and what it is for.
import { randomBytes } from 'node:crypto';
import { readFault } from './fault.js';

/** How one key is read. `secret` keys are never printed. */
interface Key<T> {
  env: string;
  about: string;
  secret?: true;
  read(text: string | undefined): T;
}

/** A configuration that cannot be used; lists everything that is wrong at once. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The configuration cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

function text(env: string, fallback: string | undefined, about: string, check?: RegExp, secret?: true): Key<string> {
  return {
    env,
    about,
    secret,
    read(value) {
      const result = value === undefined || value === '' ? fallback : value;
      if (result === undefined) throw new Error(`${env} is not set: ${about}`);
      if (check && !check.test(result)) throw new Error(`${env} must match ${check.source}: ${about}`);
      return result;
    },
  };
}

function optional(env: string, about: string, secret?: true): Key<string | null> {
  return { env, about, secret, read: (value) => (value === undefined || value === '' ? null : value) };
}

function integer(env: string, fallback: number, min: number, max: number, about: string): Key<number> {
  return {
    env,
    about,
    read(value) {
      if (value === undefined || value === '') return fallback;
      const result = Number(value);
      if (!Number.isInteger(result) || result < min || result > max) {
        throw new Error(`${env} must be a whole number from ${min} to ${max}: ${about}`);
      }
      return result;
    },
  };
}

function choice<T extends string>(env: string, choices: readonly T[], fallback: T, about: string): Key<T> {
  return {
    env,
    about,
    read(value) {
      if (value === undefined || value === '') return fallback;
      const found = choices.find((each) => each === value);
      if (!found) throw new Error(`${env} must be one of ${choices.join(', ')}: ${about}`);
      return found;
    },
  };
}

function list(env: string, about: string): Key<string[]> {
  return {
    env,
    about,
    read: (value) =>
      (value ?? '')
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
  };
}

export const CONFIG_KEYS = {
  database: {
    url: text(
      'DATABASE_URL',
      undefined,
      'address of PostgreSQL 18, e.g. postgres://saphan@127.0.0.1:5432/saphan',
      /^postgres(ql)?:\/\//,
      true,
    ),
    poolSize: integer('SAPHAN_DATABASE_POOL', 12, 2, 200, 'connections of this process to PostgreSQL'),
    idleTransactionS: integer(
      'SAPHAN_IDLE_TRANSACTION_S',
      60,
      1,
      3600,
      'seconds after which PostgreSQL ends a transaction whose process does nothing in it, as one that was stopped: others wait for its locks',
    ),
  },
  queue: {
    redisUrl: optional('REDIS_URL', 'Redis or Valkey for the queues; without it the queues live in PostgreSQL', true),
  },
  http: {
    host: text('SAPHAN_HOST', '127.0.0.1', 'address the API listens on'),
    port: integer('SAPHAN_PORT', 8080, 0, 65535, 'port the API listens on; 0 takes a free one'),
    publicUrl: optional(
      'SAPHAN_PUBLIC_URL',
      'address under which providers reach this hub; told to them for events and callbacks, so workers need it too',
    ),
  },
  worker: {
    roles: list('SAPHAN_ROLES', 'what this worker does: deliver (with its loose ends), import; empty means all'),
    providers: list('SAPHAN_PROVIDERS', 'provider codes this worker delivers to; empty means all'),
    sweepMs: integer(
      'SAPHAN_SWEEP_MS',
      2000,
      100,
      600_000,
      'how often the sweeper looks for work that has no job, in milliseconds',
    ),
    leaseS: integer(
      'SAPHAN_LEASE_S',
      120,
      1,
      3600,
      "seconds a worker holds a provider's lease without renewing; longer than any request may take",
    ),
  },
  retention: {
    batchDays: integer(
      'SAPHAN_KEEP_BATCHES_DAYS',
      90,
      1,
      3650,
      'days after which the bytes and attempts of batches that ended are erased; providers can fetch them until then',
    ),
    historyDays: integer(
      'SAPHAN_KEEP_HISTORY_DAYS',
      400,
      1,
      3650,
      'days after which what newer, acknowledged changes replaced is pruned, with its batches, exceptions and ended registrations; an import can be undone until then. Current state and the audit log stay',
    ),
  },
  targets: {
    allowPrivate: choice(
      'SAPHAN_ALLOW_PRIVATE_TARGETS',
      ['yes', 'no'],
      'no',
      'whether providers may be reached at private or loopback addresses',
    ),
  },
  keys: {
    master: text(
      'SAPHAN_MASTER_KEY',
      undefined,
      'base64 of 32 random bytes; encrypts secrets and originals, keys the hashes',
      /^[A-Za-z0-9+/]{43}=$/,
      true,
    ),
  },
  log: {
    level: choice('SAPHAN_LOG', ['debug', 'info', 'warn', 'error', 'silent'], 'info', 'how much is logged'),
    file: optional('SAPHAN_LOG_FILE', 'file that log lines are added to; without it they go to the standard output'),
  },
} as const;

type Tree = typeof CONFIG_KEYS;
export type Config = {
  readonly [Section in keyof Tree]: {
    readonly [Name in keyof Tree[Section]]: Tree[Section][Name] extends Key<infer T> ? T : never;
  };
};

/** Reads and checks everything; throws ConfigError with all faults. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const result: Record<string, Record<string, unknown>> = {};
  for (const [section, keys] of Object.entries(CONFIG_KEYS)) {
    const read: Record<string, unknown> = {};
    for (const [name, key] of Object.entries(keys as Record<string, Key<unknown>>)) {
      try {
        read[name] = key.read(env[key.env]);
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
      }
    }
    result[section] = read;
  }
  try {
    readFault(env);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return result as unknown as Config;
}

/** The configuration as lines for people, secrets hidden. */
export function describeConfig(config: Config): string[] {
  return Object.entries(CONFIG_KEYS).flatMap(([section, keys]) =>
    Object.entries(keys as Record<string, Key<unknown>>).map(([name, key]) => {
      const value = (config as unknown as Record<string, Record<string, unknown>>)[section]?.[name];
      const shown = value === null || value === '' ? '(not set)' : key.secret ? '(hidden)' : String(value);
      return `${key.env}=${shown}   # ${key.about}`;
    }),
  );
}

export const CONFIG = Symbol('Config');

export function newMasterKey(): string {
  return randomBytes(32).toString('base64');
}
