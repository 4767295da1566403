// saphan undelivered: which lines were not delivered to whom, why, since when, and what happens next.
import type { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { table, type Output } from '../output.js';

interface Sentence {
  th: string;
  en: string;
  next: string;
  by: string | null;
}

interface Groups {
  asOf: string;
  lines: number;
  groups: {
    provider: string;
    standing: string;
    code: string | null;
    lines: number;
    since: string | null;
    sentence: Sentence;
  }[];
}

interface Lines {
  lines: {
    line: string;
    op: string;
    standing: string;
    code: string | null;
    batch: number | null;
    since: string;
    sentence: Sentence;
  }[];
  next: number | null;
}

interface Options {
  provider?: string;
  standing?: string;
  code?: string;
  after?: string;
  limit: string;
}

export function undeliveredCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('undelivered')
    .description('which lines were not delivered to whom, why, since when, and what happens next')
    .option('--provider <code>', 'line by line at one provider, what has waited longest first')
    .option('--standing <word>', 'pending, inFlight, waiting, rejected, retrying, held or uncertain')
    .option('--code <code>', 'one result code, e.g. NOT_SUBSCRIBER')
    .option('--after <seq>', 'go on after this change')
    .option('--limit <n>', 'how many lines', '50')
    .addHelpText('after', '\nExample: saphan undelivered --provider AIS --standing rejected')
    .action(async ({ provider, ...params }: Options, each: Command) => {
      const { output, hub } = contextOf(each);
      if (provider === undefined) {
        const answer = await hub.get<Groups>('/v1/undelivered');
        output.result(answer, () => groupsShown(answer, output));
        return;
      }
      const answer = await hub.get<Lines>(`/v1/providers/${encodeURIComponent(provider)}/undelivered`, { params });
      output.result(answer, () => linesShown(answer, output));
    });
}

function groupsShown({ groups, lines, asOf }: Groups, output: Output): string {
  if (groups.length === 0) {
    return output.t({ th: 'ส่งครบทุกรายการแล้ว', en: 'Everything is delivered and acknowledged.' });
  }
  const rows = table(
    [
      output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
      output.t({ th: 'สถานะ', en: 'standing' }),
      output.t({ th: 'เหตุ', en: 'code' }),
      output.t({ th: 'รายการ', en: 'lines' }),
      output.t({ th: 'ตั้งแต่', en: 'since' }),
      output.t({ th: 'ขั้นต่อไป', en: 'what happens next' }),
    ],
    groups.map((group) => [
      group.provider,
      group.standing,
      group.code ?? '-',
      group.lines,
      group.since?.slice(0, 19) ?? '-',
      group.sentence[output.language],
    ]),
  );
  const sum = output.t({
    th: `รวม ${lines} รายการ ณ ${asOf.slice(0, 19)}Z`,
    en: `${lines} in all, as of ${asOf.slice(0, 19)}Z`,
  });
  return `${rows}\n\n${sum}`;
}

function linesShown({ lines, next }: Lines, output: Output): string {
  if (lines.length === 0) return output.t({ th: 'ไม่มีรายการค้าง', en: 'No such line is waiting.' });
  const rows = table(
    [
      output.t({ th: 'หมายเลข', en: 'line' }),
      output.t({ th: 'คำสั่ง', en: 'op' }),
      output.t({ th: 'สถานะ', en: 'standing' }),
      output.t({ th: 'เหตุ', en: 'code' }),
      output.t({ th: 'ชุด', en: 'batch' }),
      output.t({ th: 'ตั้งแต่', en: 'since' }),
      output.t({ th: 'ขั้นต่อไป', en: 'what happens next' }),
    ],
    lines.map((line) => [
      line.line,
      line.op,
      line.standing,
      line.code ?? '-',
      line.batch ?? '-',
      line.since.slice(0, 19),
      line.sentence[output.language],
    ]),
  );
  const more = output.t({ th: `หน้าถัดไป: --after ${next}`, en: `Next page: --after ${next}` });
  return next === null ? rows : `${rows}\n\n${more}`;
}
