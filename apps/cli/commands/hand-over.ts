// saphan hand-over: a provider's lines go to its successor; proposed, approved by a second person, watched.
import type { Command } from 'commander';
import { pause, type Context, type ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface HandOver {
  handOverId: number;
  from: string[];
  to: string;
  state: string;
  planHash: string;
  plan: {
    lines: number;
    stays: number;
    from: { provider: string; mobile: number; fixed: number; stays: Record<string, number> }[];
  };
  progress: {
    changed: number;
    open: number;
    acknowledged: number;
    limit: number;
    ended: number;
    notHeld: number;
    exceptions: Record<string, number>;
  };
}

const ACTS = [
  ['start', 'start an approved hand-over'],
  ['pause', 'move no further lines; those on their way go on'],
  ['resume', 'go on after the last line'],
  ['stop', 'end it for good; what was moved stays moved'],
] as const;

export function handOverCommands(program: Command, contextOf: ContextOf): void {
  const group = program.command('hand-over').description('planned hand-overs of a provider’s lines to its successor');
  group
    .command('propose')
    .description('count what would be moved and what would stay; moves nothing')
    .requiredOption('--from <codes>', 'providers whose lines are handed over, separated by commas')
    .requiredOption('--to <code>', 'the provider that takes them')
    .option('--limit-hours <hours>', 'how long the old provider keeps what the new one has not acknowledged', '72')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (options: { from: string; to: string; limitHours: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      const body = {
        from: options.from.split(',').map((code) => code.trim().toUpperCase()),
        to: options.to.toUpperCase(),
        limitHours: Number(options.limitHours),
        reason: options.reason,
      };
      showPlan(context, await context.hub.post<HandOver>('/v1/hand-overs', body));
    });
  group
    .command('approve')
    .argument('<id>', 'number of the hand-over')
    .description('release the plan that has this hash; another person than the one who proposed it')
    .requiredOption('--plan-hash <hash>', 'as "propose" or "show" printed it')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (id: string, options: { planHash: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      showProgress(context, [
        await context.hub.post<HandOver>(`/v1/hand-overs/${encodeURIComponent(id)}/approve`, options),
      ]);
    });
  for (const [verb, about] of ACTS) {
    group
      .command(verb)
      .argument('<id>', 'number of the hand-over')
      .description(about)
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const context = contextOf(command);
        const address = `/v1/hand-overs/${encodeURIComponent(id)}/${verb}`;
        showProgress(context, [await context.hub.post<HandOver>(address, { reason: options.reason })]);
      });
  }
  group
    .command('list')
    .description('the newest hand-overs and how far they are')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      showProgress(context, (await context.hub.get<{ handOvers: HandOver[] }>('/v1/hand-overs')).handOvers);
    });
  group
    .command('show')
    .argument('<id>', 'number of the hand-over')
    .description('the plan with its hash')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      showPlan(context, await context.hub.get<HandOver>(`/v1/hand-overs/${encodeURIComponent(id)}`));
    });
  group
    .command('watch')
    .argument('<id>', 'number of the hand-over')
    .description('follow it until it ends')
    .action(async (id: string, _options: unknown, command: Command) => watch(contextOf(command), id));
}

async function watch(context: Context, id: string): Promise<void> {
  const { output, hub } = context;
  for (;;) {
    const one = await hub.get<HandOver>(`/v1/hand-overs/${encodeURIComponent(id)}`);
    const done = one.progress.acknowledged + one.progress.limit + one.progress.ended + one.progress.notHeld;
    output.progress(output.t({ th: `โอนย้าย #${id}`, en: `Hand-over #${id}` }), done, one.plan.lines);
    if (one.state !== 'running') {
      showProgress(context, [one]);
      if (one.state === 'completed') return;
      const words = { th: `การโอนย้ายอยู่ในสถานะ ${one.state}`, en: `The hand-over is ${one.state}` };
      throw new CliError(EXIT.failed, output.t(words));
    }
    await pause(1000);
  }
}

function showPlan({ output }: Context, one: HandOver): void {
  output.result(one, () =>
    [
      `#${one.handOverId} ${one.from.join(' + ')} → ${one.to}: ${one.state}`,
      table(
        [
          output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
          output.t({ th: 'มือถือ', en: 'mobile' }),
          output.t({ th: 'เน็ตบ้าน', en: 'fixed' }),
          output.t({ th: 'คงอยู่ที่เดิม', en: 'stays' }),
        ],
        one.plan.from.map((part) => [part.provider, part.mobile, part.fixed, reasons(part.stays)]),
      ),
      `plan-hash ${one.planHash}`,
    ].join('\n'),
  );
}

function showProgress({ output }: Context, some: HandOver[]): void {
  output.result(some.length === 1 ? some[0] : some, () =>
    table(
      [
        '#',
        output.t({ th: 'จาก', en: 'from' }),
        output.t({ th: 'ไปยัง', en: 'to' }),
        output.t({ th: 'สถานะ', en: 'state' }),
        output.t({ th: 'ตามแผน', en: 'planned' }),
        output.t({ th: 'รอรายใหม่ตอบ', en: 'open' }),
        output.t({ th: 'รายใหม่รับแล้ว', en: 'acknowledged' }),
        output.t({ th: 'ครบกำหนด', en: 'limit' }),
        output.t({ th: 'คงอยู่ที่เดิม', en: 'stays' }),
      ],
      some.map((one) => [
        one.handOverId,
        one.from.join('+'),
        one.to,
        one.state,
        one.plan.lines,
        one.progress.open,
        one.progress.acknowledged,
        one.progress.limit,
        reasons(one.progress.exceptions),
      ]),
    ),
  );
}

function reasons(counts: Record<string, number>): string {
  const said = Object.entries(counts).map(([reason, n]) => `${n} ${reason}`);
  return said.length === 0 ? '0' : said.join(', ');
}
