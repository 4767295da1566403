// saphan reroute: lines that their provider does not have, for ONDE to find the new one or give them up.
import { Option, type Command } from 'commander';
import type { ContextOf } from '../context.js';
import { table } from '../output.js';

interface Reroute {
  rerouteId: number;
  provider: string;
  access: string;
  line: string;
  code: string;
  agencies: string[];
  state: string;
  how: string | null;
  openedAt: string;
}

interface Counts {
  open: number;
  byProvider: { provider: string; code: string; open: number }[];
  byAgency: { agency: string; open: number }[];
}

interface ListOptions {
  state: string;
  provider?: string;
  agency?: string;
  limit: string;
}

interface ResolveOptions {
  provider: string;
  confirmedAt: string;
  confirmedBy: string;
  documentRef: string;
  reason: string;
}

export function rerouteCommands(program: Command, contextOf: ContextOf): void {
  const group = program.command('reroute').description('lines that their provider does not have (any more)');
  group
    .command('list')
    .description('tasks, newest first')
    .addOption(new Option('--state <state>', 'which').choices(['open', 'closed', 'all']).default('open'))
    .option('--provider <code>', 'of one provider')
    .option('--agency <code>', 'of one agency')
    .option('--limit <n>', 'at most', '50')
    .action(async (options: ListOptions, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.get<{ reroutes: Reroute[] }>('/v1/reroutes', { params: options });
      const heads = [
        '#',
        output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
        output.t({ th: 'หมายเลข', en: 'line' }),
        output.t({ th: 'เหตุผล', en: 'code' }),
        output.t({ th: 'หน่วยงาน', en: 'agency' }),
        output.t({ th: 'สถานะ', en: 'state' }),
        output.t({ th: 'ตั้งแต่', en: 'since' }),
      ];
      output.result(answer, () =>
        table(
          heads,
          answer.reroutes.map((task) => [
            task.rerouteId,
            task.provider,
            task.line,
            task.code,
            task.agencies.join(', '),
            task.how ?? task.state,
            task.openedAt,
          ]),
        ),
      );
    });
  group
    .command('counts')
    .description('open tasks by provider and by agency')
    .action(async (_options: unknown, command: Command) => {
      const { output, hub } = contextOf(command);
      const counts = await hub.get<Counts>('/v1/reroutes/counts');
      const open = output.t({ th: 'ค้าง', en: 'open' });
      output.result(counts, () =>
        [
          table(
            [output.t({ th: 'ผู้ให้บริการ', en: 'provider' }), output.t({ th: 'เหตุผล', en: 'code' }), open],
            counts.byProvider.map((each) => [each.provider, each.code, each.open]),
          ),
          table(
            [output.t({ th: 'หน่วยงาน', en: 'agency' }), open],
            counts.byAgency.map((each) => [each.agency, each.open]),
          ),
        ].join('\n\n'),
      );
    });
  group
    .command('resolve')
    .argument('<id>', 'number of the task')
    .description('a new confirmation names the provider that has the line')
    .requiredOption('--provider <code>', 'the provider that has it now')
    .requiredOption('--confirmed-at <time>', 'ISO 8601 with offset')
    .requiredOption('--confirmed-by <text>', 'who confirmed, by office')
    .requiredOption('--document-ref <text>', 'number of the document')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (id: string, options: ResolveOptions, command: Command) => {
      const { output, hub } = contextOf(command);
      const provider = options.provider.toUpperCase();
      await hub.post(`/v1/reroutes/${encodeURIComponent(id)}/resolve`, { ...options, provider });
      const words = { th: `งาน #${id}: ย้ายไป ${provider} แล้ว`, en: `Task #${id}: the line goes to ${provider}` };
      output.result({ rerouteId: Number(id), how: 'resolved', toProvider: provider }, () => output.t(words));
    });
  group
    .command('close')
    .argument('<id>', 'number of the task')
    .description('give the line up; its registrations at this provider are cancelled')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      await hub.post(`/v1/reroutes/${encodeURIComponent(id)}/close`, { reason: options.reason });
      const words = { th: `งาน #${id}: ยกเลิกหมายเลขแล้ว`, en: `Task #${id}: the line is given up` };
      output.result({ rerouteId: Number(id), how: 'givenUp' }, () => output.t(words));
    });
}
