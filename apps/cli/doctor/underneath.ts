// Database, queue store and providers, looked at from this machine.
import { connect } from 'node:net';
import type { ProviderProfile } from '#contracts';
import { CLOCK_S, NOTHING, type Check } from './check.js';

const REACH_MS = 3000;

/** Looked at directly where this machine has the hub's own configuration; skipped, and said so, where it has not. */
export async function underneath(env: NodeJS.ProcessEnv): Promise<Check[]> {
  if (!env['DATABASE_URL']) {
    const todo = {
      th: 'กำหนด DATABASE_URL เพื่อตรวจจากเครื่องนี้',
      en: 'Set DATABASE_URL to check it from here; readiness above covers it.',
    };
    return ['database', 'queue store', 'providers'].map((check) => ({
      check,
      verdict: 'skipped' as const,
      found: 'DATABASE_URL is not set',
      todo,
    }));
  }
  const { dataSource, pendingMigrations, query, QUEUE_SCHEMA } = await import('#platform');
  const source = dataSource(env['DATABASE_URL'], 2);
  try {
    await source.initialize();
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'unknown';
    return [
      {
        check: 'database',
        verdict: 'wrong',
        found: code,
        todo: { th: 'ตรวจสอบ PostgreSQL และ DATABASE_URL', en: 'Look at PostgreSQL and at DATABASE_URL.' },
      },
    ];
  }
  try {
    const [server] = await query<{ version: string; major: number; skew: number; queues: boolean }>(
      source,
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
         extract(epoch FROM clock_timestamp())::float8 AS skew, to_regnamespace($1) IS NOT NULL AS queues`,
      [QUEUE_SCHEMA],
    );
    const pending = await pendingMigrations(source);
    const old = (server?.major ?? 0) < 18;
    const skew = Math.abs((server?.skew ?? 0) - Date.now() / 1000);
    const providers = await query<{ profile: ProviderProfile }>(
      source,
      'SELECT profile FROM provider ORDER BY provider_id',
    ).catch(() => []);
    return [
      {
        check: 'database',
        verdict: old || pending ? 'wrong' : 'ok',
        found: `PostgreSQL ${server?.version ?? '?'}${pending ? ', migrations pending' : ''}`,
        todo: old
          ? { th: 'ต้องใช้ PostgreSQL 18', en: 'PostgreSQL 18 is needed.' }
          : pending
            ? { th: 'รัน saphan migrate', en: 'Run saphan migrate.' }
            : NOTHING,
      },
      {
        check: 'database clock',
        verdict: skew > CLOCK_S ? 'warning' : 'ok',
        found: `${skew.toFixed(1)} s`,
        todo: skew > CLOCK_S ? { th: 'ตั้งเวลาให้ตรง (NTP)', en: 'Set the clocks by NTP.' } : NOTHING,
      },
      await queueStore(env, server?.queues ?? false),
      ...(await Promise.all(providers.map(({ profile }) => reach(profile)))),
    ];
  } finally {
    await source.destroy();
  }
}

async function queueStore(env: NodeJS.ProcessEnv, schema: boolean): Promise<Check> {
  const address = env['REDIS_URL'];
  if (!address) {
    return {
      check: 'queue store',
      verdict: schema ? 'ok' : 'wrong',
      found: schema ? 'PostgreSQL' : 'PostgreSQL, without its schema',
      todo: schema ? NOTHING : { th: 'รัน saphan migrate', en: 'Run saphan migrate.' },
    };
  }
  const url = new URL(address);
  const answers = await reaches(url.hostname, Number(url.port || 6379));
  return {
    check: 'queue store',
    verdict: answers ? 'ok' : 'wrong',
    found: `Redis ${answers ? 'answers' : 'does not answer'}`,
    todo: answers ? NOTHING : { th: 'ตรวจสอบ REDIS_URL', en: 'Look at Redis and at REDIS_URL.' },
  };
}

async function reach({ code, transport }: ProviderProfile): Promise<Check> {
  const { host, port } = transport.kind === 'sftp' ? transport : addressOf(transport.target);
  const answers = await reaches(host, port);
  return {
    check: code,
    verdict: answers ? 'ok' : 'warning',
    found: `${transport.kind} ${host}:${port} ${answers ? 'answers' : 'does not answer'}`,
    todo: answers
      ? NOTHING
      : {
          th: `ตรวจสอบเครือข่ายไปยัง ${code} ระบบจะส่งให้เองเมื่อกลับมา`,
          en: `Look at the network to ${code}; the hub sends when it is back.`,
        },
  };
}

function addressOf(target: string): { host: string; port: number } {
  const url = new URL(target);
  return { host: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)) };
}

/** Whether somebody listens there. Nothing is sent. */
function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: REACH_MS });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}
