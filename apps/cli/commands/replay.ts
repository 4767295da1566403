// saphan replay: preview open exceptions, start sending them again, watch, stop.
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { table } from '../output.js';

interface Replay {
  replayId: number;
  provider: string;
  state: string;
  lines: number;
  appended: number;
  superseded: number;
  asks: number;
  held: number;
  groups: { kind: string; code: string | null; lines: number; retry: string | null }[];
}

/** Asked again after so many milliseconds while a replay runs. */
const LOOK_MS = 300;

export function replayCommand(program: Command, contextOf: ContextOf): void {
  const group = program.command('replay').description('send open exceptions again');
  group
    .command('preview')
    .argument('<provider>', 'code, e.g. AIS')
    .description('freeze what would be sent again; nothing is sent')
    .option('--kind <kind>', 'rejected, retrying or uncertain')
    .option('--code <code>', 'result code, e.g. QUOTA')
    .action(async (code: string, options: { kind?: string; code?: string }, command: Command) => {
      const context = contextOf(command);
      show(context, await context.hub.post<Replay>(`/v1/providers/${encodeURIComponent(code)}/replays`, options));
    });
  group
    .command('start')
    .argument('<replay>', 'its number')
    .description('start it, or go on with a stopped one, and watch it')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      let replay = await context.hub.post<Replay>(`/v1/replays/${encodeURIComponent(id)}/start`, options);
      while (replay.state === 'running') {
        await pause(LOOK_MS);
        replay = await context.hub.get<Replay>(`/v1/replays/${encodeURIComponent(id)}`);
      }
      show(context, replay);
    });
  group
    .command('stop')
    .argument('<replay>', 'its number')
    .description('stop it; what was appended stays')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      show(context, await context.hub.post<Replay>(`/v1/replays/${encodeURIComponent(id)}/stop`, options));
    });
}

function show({ output }: Context, replay: Replay): void {
  const t = output.t.bind(output);
  const hints: Record<string, string> = {
    never: t({ th: 'ส่งเดิมซ้ำไม่ช่วย', en: 'the same again cannot help' }),
    reroute: t({ th: 'ต้องหาผู้ให้บริการใหม่ก่อน', en: 'needs a new provider first' }),
  };
  output.result(replay, () =>
    [
      `${t({ th: 'ส่งซ้ำ', en: 'replay' })} ${replay.replayId} (${replay.provider}): ${replay.state}, ${replay.appended + replay.superseded}/${replay.lines}`,
      ...(replay.asks > 0
        ? [
            t({
              th: `ถามผู้ให้บริการก่อนเรื่อง ${replay.asks} ชุด รายการที่ได้คำตอบจะไม่ส่งซ้ำ`,
              en: `the provider is asked about ${replay.asks} batches first; what it answers is not sent again`,
            }),
          ]
        : []),
      ...(replay.held > 0
        ? [
            t({
              th: `${replay.held} รายการที่พักไว้ไม่รวมอยู่ด้วย`,
              en: `${replay.held} held lines are left alone: whoever holds them releases them`,
            }),
          ]
        : []),
      table(
        [
          t({ th: 'ประเภท', en: 'kind' }),
          t({ th: 'รหัส', en: 'code' }),
          t({ th: 'จำนวน', en: 'lines' }),
          t({ th: 'หมายเหตุ', en: 'note' }),
        ],
        replay.groups.map((each) => [each.kind, each.code ?? '', each.lines, hints[each.retry ?? ''] ?? '']),
      ),
    ].join('\n'),
  );
}
