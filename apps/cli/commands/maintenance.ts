// saphan release, maintenance: letting a quarantined provider be tried again, and planned times without sending.
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { table } from '../output.js';

interface Maintenance {
  maintenanceId: number;
  from: string;
  until: string;
  reason: string;
  by: string;
  state: string;
}

const address = (code: string, rest: string): string =>
  `/v1/providers/${encodeURIComponent(code.toUpperCase())}${rest}`;

export function releaseCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('release')
    .argument('<provider>', 'code, e.g. AIS')
    .description('let a quarantined provider be tried now, by a small batch')
    .requiredOption('--reason <text>', 'what was put right; it is recorded')
    .action(async (code: string, { reason }: { reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.post<{ result: string }>(address(code, '/release'), { reason });
      output.result(answer, () => `${code.toUpperCase()}: ${answer.result}`);
    });
}

export function maintenanceCommands(program: Command, contextOf: ContextOf): void {
  const group = program.command('maintenance').description('planned times in which nothing is sent to a provider');
  group
    .command('list')
    .argument('<provider>', 'code, e.g. AIS')
    .description('what is planned, under way, and over')
    .action(async (code: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const answer = await context.hub.get<{ maintenance: Maintenance[] }>(address(code, '/maintenance'));
      context.output.result(answer, () => shown(context, answer.maintenance));
    });
  group
    .command('plan')
    .argument('<provider>', 'code, e.g. AIS')
    .description('plan one')
    .requiredOption('--from <time>', 'ISO 8601 with the zone, e.g. 2020-03-20T22:00:00+07:00')
    .requiredOption('--until <time>', 'likewise, at most seven days later')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (code: string, options: { from: string; until: string; reason: string }, command: Command) => {
      const context = contextOf(command);
      const answer = await context.hub.post<Maintenance>(address(code, '/maintenance'), options);
      context.output.result(answer, () => shown(context, [answer]));
    });
  group
    .command('end')
    .argument('<provider>', 'code, e.g. AIS')
    .argument('<id>', 'as listed')
    .description('cancel one that is planned, or end one that is under way')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (code: string, id: string, { reason }: { reason: string }, command: Command) => {
      const context = contextOf(command);
      const url = address(code, `/maintenance/${encodeURIComponent(id)}`);
      const { data } = await context.hub.request<Maintenance>({ method: 'DELETE', url, data: { reason } });
      context.output.result(data, () => shown(context, [data]));
    });
}

function shown({ output }: Context, rows: Maintenance[]): string {
  if (rows.length === 0) return output.t({ th: 'ไม่มีแผนปิดปรับปรุง', en: 'none is planned' });
  const heads = [
    output.t({ th: 'รหัส', en: 'id' }),
    output.t({ th: 'ตั้งแต่', en: 'from' }),
    output.t({ th: 'ถึง', en: 'until' }),
    output.t({ th: 'สถานะ', en: 'state' }),
    output.t({ th: 'โดย', en: 'by' }),
    output.t({ th: 'เหตุผล', en: 'reason' }),
  ];
  return table(
    heads,
    rows.map((row) => [row.maintenanceId, row.from, row.until, row.state, row.by, row.reason]),
  );
}
