// saphan status, pause, resume: the providers at a glance, and their valves.
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { age, table } from '../output.js';

interface Provider {
  provider: string;
  present: Record<string, number>;
  absent: Record<string, number>;
  unsealed: number;
  oldestUnsealedS: number | null;
  oldestUnacknowledgedS: number | null;
  failures: number;
  notBefore: string | null;
  waitingFor: string | null;
  paused: { by: string; reason: string } | null;
  setAsideItems: number;
  health: string;
  healthTh: string;
  healthEn: string;
}

export function statusCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('status')
    .description('what every provider has, and how old its backlog is')
    .action(async (_options: unknown, command: Command) => showStatus(contextOf(command)));
}

/** The table of all providers. */
export async function showStatus({ output, hub }: Context): Promise<void> {
  const answer = await hub.get<{ providers: Provider[] }>('/v1/providers');
  const { t } = { t: output.t.bind(output) };
  const heads = [
    t({ th: 'ผู้ให้บริการ', en: 'provider' }),
    t({ th: 'ควรมี', en: 'lines' }),
    t({ th: 'ใช้ได้', en: 'applied' }),
    t({ th: 'กำลังส่ง', en: 'in flight' }),
    t({ th: 'รอส่ง', en: 'pending' }),
    t({ th: 'รอส่งซ้ำ', en: 'retrying' }),
    t({ th: 'ไม่รับ', en: 'rejected' }),
    t({ th: 'ไม่แน่ชัด', en: 'uncertain' }),
    t({ th: 'รอนานสุด', en: 'oldest' }),
    t({ th: 'สถานะ', en: 'state' }),
  ];
  const sum = (each: Provider, ...names: string[]) =>
    names.reduce((total, name) => total + (each.present[name] ?? 0), 0);
  output.result(answer, () =>
    table(
      heads,
      answer.providers.map((each) => [
        each.provider,
        sum(each, 'total'),
        sum(each, 'applied'),
        sum(each, 'inFlight'),
        sum(each, 'pending', 'waiting', 'held'),
        sum(each, 'retrying'),
        sum(each, 'rejected'),
        sum(each, 'uncertain'),
        age(each.oldestUnacknowledgedS ?? each.oldestUnsealedS),
        stateOf(each, t),
      ]),
    ),
  );
}

function stateOf(each: Provider, t: Context['output']['t']): string {
  if (each.health !== 'healthy') return t({ th: each.healthTh, en: each.healthEn });
  if (each.notBefore)
    return `${t({ th: 'รอถึง', en: 'waits until' })} ${new Date(each.notBefore).toLocaleTimeString('en-GB')} ${each.waitingFor ?? ''}`.trim();
  return t({ th: 'ปกติ', en: 'sending' });
}

export function valveCommands(program: Command, contextOf: ContextOf): void {
  const valves = [
    ['pause', 'send nothing to a provider until it is resumed'],
    ['resume', 'send to a provider again'],
  ] as const;
  for (const [verb, about] of valves) {
    const one = program
      .command(verb)
      .argument('<provider>', 'code, e.g. AIS')
      .description(about)
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(async (code: string, options: { reason: string; until?: string }, command: Command) => {
        const { output, hub } = contextOf(command);
        const answer = await hub.post<{ result: string }>(`/v1/providers/${encodeURIComponent(code)}/${verb}`, {
          reason: options.reason,
          ...(options.until === undefined ? {} : { until: options.until }),
        });
        output.result(answer, () => `${code.toUpperCase()}: ${answer.result}`);
      });
    if (verb === 'pause')
      one.option('--until <time>', 'it ends by itself then: ISO 8601 with the zone, e.g. 2020-03-20T18:00:00+07:00');
  }
}
