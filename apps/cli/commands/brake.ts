// saphan brake: what the removal brake holds, deciding on it, and mass removals that are planned.
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { table } from '../output.js';

interface Brake {
  provider: string;
  acknowledged: number;
  budget: number;
  used: number;
  planned: number;
  approved: number;
  withdrawn: number;
  expired: number;
  held: number;
}

interface HeldPlan {
  plan: number;
  provider: string;
  cause: string;
  causedBy: string;
  importRun: number | null;
  state: string;
  lines: number;
  released: number;
  planHash: string | null;
  since: string;
}

interface Planned {
  plannedId: number;
  provider: string;
  lines: number;
  used: number;
  validUntil: string;
  state: string;
  proposedBy: string;
  approvedBy: string | null;
  reason: string;
}

const DECISIONS = [
  ['approve', 'approvals', 'let exactly the removals with this hash go; somebody other than who caused them'],
  ['keep', 'refusals', 'the lines stay until they are registered again, are over, or are approved'],
] as const;

const PLANNED_ACTS = [
  ['approve', 'a second person lets the planned removals go'],
  ['withdraw', 'nothing more may go on it'],
] as const;

export function brakeCommands(program: Command, contextOf: ContextOf): void {
  const group = program.command('brake').description('removals that are held, and mass removals that are planned');
  group
    .command('show')
    .description('what each provider may lose in a day, and what is held, with the hash to approve')
    .option('--provider <code>', 'only this one')
    .option('--all', 'also what was decided and is over')
    .action(async (options: { provider?: string; all?: boolean }, command: Command) => {
      const context = contextOf(command);
      const query = new URLSearchParams({ limit: '500', state: options.all ? 'all' : 'open' });
      if (options.provider !== undefined) query.set('provider', options.provider);
      show(
        context,
        await context.hub.get<{ brakes: Brake[]; plans: HeldPlan[] }>(`/v1/held-removals?${query.toString()}`),
      );
    });
  for (const [verb, address, about] of DECISIONS) {
    group
      .command(verb)
      .argument('<plan>', 'number of the plan')
      .description(about)
      .requiredOption('--plan-hash <hash>', 'as "show" printed it')
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(async (plan: string, options: { planHash: string; reason: string }, command: Command) => {
        const context = contextOf(command);
        const body = { plan: Number(plan), ...options };
        showPlans(context, [await context.hub.post<HeldPlan>(`/v1/held-removals/${address}`, body)]);
      });
  }
  planCommands(group.command('plan').description('mass removals approved beforehand'), contextOf);
}

function planCommands(group: Command, contextOf: ContextOf): void {
  group
    .command('propose')
    .argument('<provider>', 'code, e.g. AIS')
    .description('ask for so many removals beyond what a day allows')
    .requiredOption('--lines <count>', 'so many at most')
    .requiredOption('--until <time>', 'until then, e.g. 2020-07-07T00:00:00+07:00')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (provider: string, options: { lines: string; until: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      const body = { provider, lines: Number(options.lines), validUntil: options.until, reason: options.reason };
      showPlanned(context, [await context.hub.post<Planned>('/v1/planned-removals', body)]);
    });
  for (const [verb, about] of PLANNED_ACTS) {
    group
      .command(verb)
      .argument('<id>', 'number of the planned removal')
      .description(about)
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(async (id: string, options: { reason: string }, command: Command) => {
        const context = contextOf(command);
        const address = `/v1/planned-removals/${encodeURIComponent(id)}/${verb}`;
        showPlanned(context, [await context.hub.post<Planned>(address, { reason: options.reason })]);
      });
  }
  group
    .command('list')
    .description('planned removals, newest first')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      showPlanned(context, (await context.hub.get<{ planned: Planned[] }>('/v1/planned-removals')).planned);
    });
}

function show(context: Context, { brakes, plans }: { brakes: Brake[]; plans: HeldPlan[] }): void {
  const { output } = context;
  const t = output.t.bind(output);
  output.result({ brakes, plans }, () =>
    [
      table(
        [
          t({ th: 'ผู้ให้บริการ', en: 'provider' }),
          t({ th: 'มีอยู่', en: 'holds' }),
          t({ th: 'นำออกได้/24 ชม.', en: 'budget a day' }),
          t({ th: 'ใช้แล้ว', en: 'used' }),
          t({ th: 'ตามแผน', en: 'planned' }),
          t({ th: 'อนุมัติแล้ว', en: 'approved' }),
          t({ th: 'ขอถอนตัว', en: 'withdrawn' }),
          t({ th: 'หมดอายุ', en: 'expired' }),
          t({ th: 'พักไว้', en: 'held' }),
        ],
        brakes.map((each) => [
          each.provider,
          each.acknowledged,
          each.budget,
          each.used,
          each.planned,
          each.approved,
          each.withdrawn,
          each.expired,
          each.held,
        ]),
      ),
      plansTable(context, plans),
    ].join('\n\n'),
  );
}

function showPlans(context: Context, plans: HeldPlan[]): void {
  context.output.result(plans[0], () => plansTable(context, plans));
}

function plansTable({ output }: Context, plans: HeldPlan[]): string {
  if (plans.length === 0) return output.t({ th: 'ไม่มีรายการนำออกที่พักไว้', en: 'No removal is held.' });
  const shown = table(
    [
      '#',
      output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
      output.t({ th: 'สาเหตุ', en: 'cause' }),
      output.t({ th: 'โดย', en: 'by' }),
      output.t({ th: 'นำเข้า', en: 'import' }),
      output.t({ th: 'สถานะ', en: 'state' }),
      output.t({ th: 'พักไว้', en: 'held' }),
      output.t({ th: 'นำออกแล้ว', en: 'released' }),
      output.t({ th: 'ตั้งแต่', en: 'since' }),
    ],
    plans.map((plan) => [
      plan.plan,
      plan.provider,
      plan.cause,
      plan.causedBy,
      plan.importRun ?? '',
      plan.state,
      plan.lines,
      plan.released,
      plan.since,
    ]),
  );
  const hashes = plans.flatMap(({ plan, planHash }) => (planHash === null ? [] : [`#${plan} plan-hash ${planHash}`]));
  return [shown, ...hashes].join('\n');
}

function showPlanned({ output }: Context, planned: Planned[]): void {
  output.result(planned.length === 1 ? planned[0] : planned, () =>
    table(
      [
        '#',
        output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
        output.t({ th: 'จำนวน', en: 'lines' }),
        output.t({ th: 'ใช้แล้ว', en: 'used' }),
        output.t({ th: 'ถึง', en: 'until' }),
        output.t({ th: 'สถานะ', en: 'state' }),
        output.t({ th: 'เสนอโดย', en: 'proposed by' }),
        output.t({ th: 'อนุมัติโดย', en: 'approved by' }),
        output.t({ th: 'เหตุผล', en: 'reason' }),
      ],
      planned.map((each) => [
        each.plannedId,
        each.provider,
        each.lines,
        each.used,
        each.validUntil,
        each.state,
        each.proposedBy,
        each.approvedBy ?? '',
        each.reason,
      ]),
    ),
  );
}
