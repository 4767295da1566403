// saphan doctor: looks at everything the hub stands on and says what to do about what is wrong.
import { statfsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { CLOCK_S, NOTHING, type Check } from '../doctor/check.js';
import { underneath } from '../doctor/underneath.js';
import { table } from '../output.js';

const LEAST_FREE_GB = 2;

export function doctorCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('doctor')
    .description('check Node, the hub, its clock, the database, the queue store, the providers and the disk')
    .action(async (_options: unknown, command: Command) => examine(contextOf(command)));
}

async function examine(context: Context): Promise<void> {
  const { output, env } = context;
  const checks = [node(), ...(await hub(context)), ...(await underneath(env)), disk(context.cwd)];
  output.result({ checks }, () =>
    table(
      [
        output.t({ th: 'ตรวจ', en: 'check' }),
        '',
        output.t({ th: 'พบ', en: 'found' }),
        output.t({ th: 'ควรทำ', en: 'to do' }),
      ],
      checks.map(({ check, verdict, found, todo }) => [check, verdict, found, output.t(todo)]),
    ),
  );
  const wrong = checks.filter((each) => each.verdict === 'wrong').length;
  if (wrong > 0)
    throw new CliError(EXIT.failed, output.t({ th: `พบปัญหา ${wrong} รายการ`, en: `${wrong} check(s) failed.` }));
}

function node(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  return {
    check: 'node',
    verdict: fits ? 'ok' : 'wrong',
    found: process.versions.node,
    todo: fits ? NOTHING : { th: 'ติดตั้ง Node 20.19 ขึ้นไป', en: 'Install Node 20.19 or newer.' },
  };
}

async function hub({ hub: client, output }: Context): Promise<Check[]> {
  const { connection } = client;
  const begun = Date.now();
  try {
    const ready = await client.request({ method: 'GET', url: '/health/ready' });
    const checks: Check[] = [
      { check: 'hub', verdict: 'ok', found: `${connection.url} (${connection.from})`, todo: NOTHING },
    ];
    const theirs = Date.parse(String(ready.headers['date'] ?? ''));
    // The header has whole seconds: half of one is its middle.
    const skew = Number.isNaN(theirs) ? 0 : Math.abs(theirs + 500 - (begun + Date.now()) / 2) / 1000;
    checks.push({
      check: 'clock',
      verdict: skew > CLOCK_S ? 'warning' : 'ok',
      found: `${skew.toFixed(1)} s`,
      todo:
        skew > CLOCK_S
          ? {
              th: 'ตั้งเวลาให้ตรง (NTP) มิฉะนั้นลายเซ็นจะถูกปฏิเสธ',
              en: 'Set the clocks by NTP; signatures are refused when they differ.',
            }
          : NOTHING,
    });
    checks.push(await key(client));
    return checks;
  } catch (error) {
    const found =
      error instanceof CliError ? (error.message.split('\n')[0] ?? '') : output.t({ th: 'ไม่ทราบสาเหตุ', en: 'unknown' });
    return [
      {
        check: 'hub',
        verdict: 'wrong',
        found,
        todo: { th: 'เปิดระบบด้วย npm start หรือกำหนด SAPHAN_URL', en: 'Start it with npm start, or set SAPHAN_URL.' },
      },
    ];
  }
}

async function key(client: Context['hub']): Promise<Check> {
  try {
    const { providers } = await client.get<{ providers: { provider: string; paused: unknown; failures: number }[] }>(
      '/v1/providers',
    );
    const troubled = providers.filter((each) => each.paused !== null || each.failures > 0).map((each) => each.provider);
    return {
      check: 'key',
      verdict: troubled.length > 0 ? 'warning' : 'ok',
      found:
        troubled.length > 0 ? `paused or failing: ${troubled.join(', ')}` : `accepted, ${providers.length} providers`,
      todo: troubled.length > 0 ? { th: 'ดู saphan status', en: 'See saphan status.' } : NOTHING,
    };
  } catch (error) {
    return {
      check: 'key',
      verdict: 'wrong',
      found: error instanceof Error ? (error.message.split('\n')[0] ?? '') : '',
      todo: { th: 'กำหนด SAPHAN_KEY ที่มีสิทธิ์ ops.read', en: 'Set SAPHAN_KEY to a key with the scope ops.read.' },
    };
  }
}

function disk(folder: string): Check {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  const tight = free < LEAST_FREE_GB;
  return {
    check: 'disk',
    verdict: tight ? 'warning' : 'ok',
    found: `${free.toFixed(1)} GB free`,
    todo: tight ? { th: 'เพิ่มพื้นที่ดิสก์', en: 'Free some space: the database needs it.' } : NOTHING,
  };
}
