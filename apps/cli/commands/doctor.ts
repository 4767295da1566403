// saphan doctor: looks at everything the hub stands on and says what to do about what is wrong.
import { statfsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Command } from 'commander';
import type { ProviderProfile } from '#contracts';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { Words } from '../language.js';
import { table } from '../output.js';

type Verdict = 'ok' | 'warning' | 'wrong' | 'skipped';

interface Check {
  check: string;
  verdict: Verdict;
  found: string;
  /** What to do; empty when all is well. */
  todo: Words;
}

const NOTHING: Words = { th: '', en: '' };
/** Standard Webhooks signatures are good for five minutes; a clock this wrong is on the way there. */
const CLOCK_S = 5;
const LEAST_FREE_GB = 2;
const REACH_MS = 3000;

export function doctorCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('doctor')
    .description('check Node, the hub, its clock, the database, the queue store, the providers and the disk')
    .action(async (_options: unknown, command: Command) => examine(contextOf(command)));
}

async function examine(context: Context): Promise<void> {
  const { output, env } = context;
  const checks = [node(), ...(await hub(context)), ...(await underneath(env)), disk(context.cwd)];
  output.result({ checks }, () => table(
    [output.t({ th: 'ตรวจ', en: 'check' }), '', output.t({ th: 'พบ', en: 'found' }), output.t({ th: 'ควรทำ', en: 'to do' })],
    checks.map(({ check, verdict, found, todo }) => [check, verdict, found, output.t(todo)])));
  const wrong = checks.filter((each) => each.verdict === 'wrong').length;
  if (wrong > 0) throw new CliError(EXIT.failed, output.t({ th: `พบปัญหา ${wrong} รายการ`, en: `${wrong} check(s) failed.` }));
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return { check: 'node', verdict: fits ? 'ok' : 'wrong', found: process.versions.node, todo: fits ? NOTHING : { th: 'ติดตั้ง Node 20.19 ขึ้นไป', en: 'Install Node 20.19 or newer.' } };
}

async function hub({ hub: client, output }: Context): Promise<Check[]> {
  const { connection } = client;
  const begun = Date.now();
  try {
    const ready = await client.request({ method: 'GET', url: '/health/ready' });
    const checks: Check[] = [{ check: 'hub', verdict: 'ok', found: `${connection.url} (${connection.from})`, todo: NOTHING }];
    const theirs = Date.parse(String(ready.headers['date'] ?? ''));
    // The header has whole seconds: half of one is its middle.
    const skew = Number.isNaN(theirs) ? 0 : Math.abs(theirs + 500 - (begun + Date.now()) / 2) / 1000;
    checks.push({ check: 'clock', verdict: skew > CLOCK_S ? 'warning' : 'ok', found: `${skew.toFixed(1)} s`, todo: skew > CLOCK_S ? { th: 'ตั้งเวลาให้ตรง (NTP) มิฉะนั้นลายเซ็นจะถูกปฏิเสธ', en: 'Set the clocks by NTP; signatures are refused when they differ.' } : NOTHING });
    checks.push(await key(client));
    return checks;
  } catch (error) {
    const found = error instanceof CliError ? error.message.split('\n')[0] ?? '' : output.t({ th: 'ไม่ทราบสาเหตุ', en: 'unknown' });
    return [{ check: 'hub', verdict: 'wrong', found, todo: { th: 'เปิดระบบด้วย npm start หรือกำหนด SAPHAN_URL', en: 'Start it with npm start, or set SAPHAN_URL.' } }];
  }
}

async function key(client: Context['hub']): Promise<Check> {
  try {
    const { providers } = await client.get<{ providers: { provider: string; paused: unknown; failures: number }[] }>('/v1/providers');
    const troubled = providers.filter((each) => each.paused !== null || each.failures > 0).map((each) => each.provider);
    return { check: 'key', verdict: troubled.length > 0 ? 'warning' : 'ok', found: troubled.length > 0 ? `paused or failing: ${troubled.join(', ')}` : `accepted, ${providers.length} providers`, todo: troubled.length > 0 ? { th: 'ดู saphan status', en: 'See saphan status.' } : NOTHING };
  } catch (error) {
    return { check: 'key', verdict: 'wrong', found: error instanceof Error ? error.message.split('\n')[0] ?? '' : '', todo: { th: 'กำหนด SAPHAN_KEY ที่มีสิทธิ์ ops.read', en: 'Set SAPHAN_KEY to a key with the scope ops.read.' } };
  }
}

/** Database, queue store and providers are looked at directly, where this machine has the hub's own configuration. */
async function underneath(env: NodeJS.ProcessEnv): Promise<Check[]> {
  if (!env['DATABASE_URL']) {
    const todo = { th: 'กำหนด DATABASE_URL เพื่อตรวจจากเครื่องนี้', en: 'Set DATABASE_URL to check it from here; readiness above covers it.' };
    return ['database', 'queue store', 'providers'].map((check) => ({ check, verdict: 'skipped' as const, found: 'DATABASE_URL is not set', todo }));
  }
  const { dataSource, pendingMigrations, query, QUEUE_SCHEMA } = await import('#platform');
  const source = dataSource(env['DATABASE_URL'], 2);
  try {
    await source.initialize();
  } catch (error) {
    const code = (error as { code?: string }).code ?? 'unknown';
    return [{ check: 'database', verdict: 'wrong', found: code, todo: { th: 'ตรวจสอบ PostgreSQL และ DATABASE_URL', en: 'Look at PostgreSQL and at DATABASE_URL.' } }];
  }
  try {
    const [server] = await query<{ version: string; major: number; skew: number; queues: boolean }>(
      source,
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
         extract(epoch FROM clock_timestamp())::float8 AS skew, to_regnamespace($1) IS NOT NULL AS queues`, [QUEUE_SCHEMA]);
    const pending = await pendingMigrations(source);
    const old = (server?.major ?? 0) < 18;
    const skew = Math.abs((server?.skew ?? 0) - Date.now() / 1000);
    const providers = await query<{ profile: ProviderProfile }>(source, 'SELECT profile FROM provider ORDER BY provider_id').catch(() => []);
    return [
      {
        check: 'database', verdict: old || pending ? 'wrong' : 'ok', found: `PostgreSQL ${server?.version ?? '?'}${pending ? ', migrations pending' : ''}`,
        todo: old ? { th: 'ต้องใช้ PostgreSQL 18', en: 'PostgreSQL 18 is needed.' } : pending ? { th: 'รัน saphan migrate', en: 'Run saphan migrate.' } : NOTHING,
      },
      { check: 'database clock', verdict: skew > CLOCK_S ? 'warning' : 'ok', found: `${skew.toFixed(1)} s`, todo: skew > CLOCK_S ? { th: 'ตั้งเวลาให้ตรง (NTP)', en: 'Set the clocks by NTP.' } : NOTHING },
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
    return { check: 'queue store', verdict: schema ? 'ok' : 'wrong', found: schema ? 'PostgreSQL' : 'PostgreSQL, without its schema', todo: schema ? NOTHING : { th: 'รัน saphan migrate', en: 'Run saphan migrate.' } };
  }
  const url = new URL(address);
  const answers = await reaches(url.hostname, Number(url.port || 6379));
  return { check: 'queue store', verdict: answers ? 'ok' : 'wrong', found: `Redis ${answers ? 'answers' : 'does not answer'}`, todo: answers ? NOTHING : { th: 'ตรวจสอบ REDIS_URL', en: 'Look at Redis and at REDIS_URL.' } };
}

async function reach({ code, transport }: ProviderProfile): Promise<Check> {
  const { host, port } = transport.kind === 'sftp' ? transport : addressOf(transport.target);
  const answers = await reaches(host, port);
  return {
    check: code, verdict: answers ? 'ok' : 'warning', found: `${transport.kind} ${host}:${port} ${answers ? 'answers' : 'does not answer'}`,
    todo: answers ? NOTHING : { th: `ตรวจสอบเครือข่ายไปยัง ${code} ระบบจะส่งให้เองเมื่อกลับมา`, en: `Look at the network to ${code}; the hub sends when it is back.` },
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
    socket.once('connect', () => end(true)).once('error', () => end(false)).once('timeout', () => end(false));
  });
}

function disk(folder: string): Check {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  const tight = free < LEAST_FREE_GB;
  return { check: 'disk', verdict: tight ? 'warning' : 'ok', found: `${free.toFixed(1)} GB free`, todo: tight ? { th: 'เพิ่มพื้นที่ดิสก์', en: 'Free some space: the database needs it.' } : NOTHING };
}
