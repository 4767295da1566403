// saphan sample: a registrations file with invented persons, as clean or as messy as wanted.
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { table } from '../output.js';

interface SampleOptions {
  lines: number;
  seed: string;
  mess: number;
  out: string;
  format?: 'csv' | 'xlsx';
  encoding?: 'utf-8' | 'utf-8-bom' | 'windows-874' | 'utf-16le';
  today?: string;
}

export function sampleCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('sample')
    .description('write a registrations file of invented persons, and say what was damaged in it')
    .requiredOption('--lines <n>', 'rows, up to 10,000,000', count)
    .option('--seed <text>', 'the same seed gives the same file', '1')
    .option('--mess <share>', 'share of damaged rows, 0 to 1', share, 0)
    .requiredOption('--out <file>', '.csv or .xlsx')
    .addOption(new Option('--format <format>', 'without it the file’s name decides').choices(['csv', 'xlsx']))
    .addOption(
      new Option('--encoding <encoding>', 'of a CSV').choices(['utf-8', 'utf-8-bom', 'windows-874', 'utf-16le']),
    )
    .option('--today <day>', 'YYYY-MM-DD: all rows are valid on this day')
    .action(async (options: SampleOptions, command: Command) => writeSample(contextOf(command), options));
}

function count(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1 is needed');
  return value;
}

async function writeSample({ output, cwd }: Context, { out, format, today, ...options }: SampleOptions): Promise<void> {
  // Loaded here: no other command needs the lists behind it.
  const { generateSample, loadAgencies } = await import('#intake');
  const report = await generateSample(
    {
      ...options,
      agencies: loadAgencies(),
      format: format ?? (path.extname(out).toLowerCase() === '.xlsx' ? 'xlsx' : 'csv'),
      today: today ?? new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10),
    },
    createWriteStream(path.resolve(cwd, out)),
  );
  const damaged = Object.entries(report.damaged);
  output.result({ file: out, ...report }, () =>
    [
      output.t({
        th: `เขียน ${report.lines} แถวลงใน ${out} (ปกติ ${report.clean})`,
        en: `Wrote ${report.lines} rows to ${out} (${report.clean} clean).`,
      }),
      output.t({
        th: `เมื่อนำเข้าจะรับ ${report.expected.accepted} ไม่รับ ${report.expected.rejected}`,
        en: `An import accepts ${report.expected.accepted} and rejects ${report.expected.rejected}.`,
      }),
      ...(damaged.length > 0
        ? [
            table(
              [
                output.t({ th: 'ความเสียหาย', en: 'damage' }),
                output.t({ th: 'แถว', en: 'rows' }),
                output.t({ th: 'ผลที่ควรได้', en: 'expected' }),
              ],
              damaged.map(([kind, each]) => [kind, each.rows, each.expect]),
            ),
          ]
        : []),
    ].join('\n'),
  );
}
