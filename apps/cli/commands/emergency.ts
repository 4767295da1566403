// saphan emergency-stop: halt all sending, and release it by two people.
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';

interface Emergency {
  stop: { by: string; reason: string; stoppedAt: string; releaseAskedBy: string | null } | null;
}

export function emergencyCommand(program: Command, contextOf: ContextOf): void {
  const group = program.command('emergency-stop').description('halt all sending at once; two people release it');
  group
    .command('status')
    .description('whether everything is stopped')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command);
      show(context, await context.hub.get<Emergency>('/v1/emergency-stop'));
    });
  const acts = [
    ['stop', '/v1/emergency-stop', 'stop sending to every provider'],
    ['release', '/v1/emergency-stop/release', 'ask for the release, or grant what another person asked for'],
  ] as const;
  for (const [verb, path, about] of acts) {
    group
      .command(verb)
      .description(about)
      .requiredOption('--reason <text>', 'why; it is recorded')
      .action(async (options: { reason: string }, command: Command) => {
        const context = contextOf(command);
        show(context, await context.hub.post<Emergency>(path, options));
      });
  }
}

function show({ output }: Context, answer: Emergency): void {
  const { stop } = answer;
  output.result(answer, () => {
    if (!stop) return output.t({ th: 'ส่งตามปกติ', en: 'nothing is stopped' });
    const asked = stop.releaseAskedBy
      ? output.t({
          th: ` ${stop.releaseAskedBy} ขอให้ส่งต่อ รอผู้อนุมัติคนที่สอง`,
          en: ` ${stop.releaseAskedBy} asked for the release; a second person must grant it`,
        })
      : '';
    return output.t({
      th: `หยุดส่งทั้งหมดตั้งแต่ ${stop.stoppedAt} โดย ${stop.by}: ${stop.reason}${asked}`,
      en: `everything is stopped since ${stop.stoppedAt} by ${stop.by}: ${stop.reason}${asked}`,
    });
  });
}
