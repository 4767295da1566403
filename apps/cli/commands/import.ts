// saphan import FILE: uploads a registrations file and follows its run to the end.
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { Option, type Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { pause } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface Run {
  runId: number;
  state: string;
  dryRun: boolean;
  rowsDone: number;
  counts: Record<string, number>;
  failure: { detail?: string; detailTh?: string } | null;
}

interface ImportOptions {
  mode: 'add' | 'roster';
  agency?: string;
  dryRun?: boolean;
  wait: boolean;
  errors?: string;
}

const ENDED = new Set(['completed', 'failed', 'stopped', 'undone']);
const TYPES: Record<string, string> = {
  '.csv': 'text/csv',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.ndjson': 'application/x-ndjson',
};

export function importCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('import')
    .argument('<file>', 'CSV, XLSX or NDJSON')
    .description('upload registrations and wait until they are in')
    .addOption(
      new Option('--mode <mode>', 'add: add and amend; roster: the file is the agency’s complete list')
        .choices(['add', 'roster'])
        .default('add'),
    )
    .option('--agency <code>', 'code or name, for rows that name none; needed for a roster')
    .option('--dry-run', 'only tell what would happen')
    .option('--errors <file>', 'write the rejected rows, with reasons, to this CSV')
    .option('--no-wait', 'return when the file is uploaded')
    .action(async (file: string, options: ImportOptions, command: Command) =>
      importFile(contextOf(command), file, options),
    );
}

async function importFile(context: Context, file: string, options: ImportOptions): Promise<void> {
  const { output, hub } = context;
  let run = await upload(context, file, options);
  if (options.wait) {
    for (; !ENDED.has(run.state); run = await hub.get<Run>(`/v1/imports/${run.runId}`)) {
      output.progress(output.t({ th: `นำเข้า #${run.runId}`, en: `Import #${run.runId}` }), run.rowsDone, null);
      await pause(300);
    }
  }
  const rejected = run.counts['rejected'] ?? 0;
  if (options.errors && ENDED.has(run.state) && rejected > 0) {
    const answer = await hub.request<Readable>({
      method: 'GET',
      url: `/v1/imports/${run.runId}/errors.csv`,
      responseType: 'stream',
    });
    await pipeline(answer.data, createWriteStream(path.resolve(context.cwd, options.errors)));
  }
  output.result(run, () => summary(context, run, options));
  if (run.state === 'failed') {
    const reason = (output.language === 'th' && run.failure?.detailTh) || run.failure?.detail || '';
    throw new CliError(
      EXIT.failed,
      output.t({ th: `การนำเข้าไม่สำเร็จ: ${reason}`, en: `The import failed: ${reason}` }),
      run.failure,
    );
  }
}

async function upload({ output, hub, cwd }: Context, file: string, options: ImportOptions): Promise<Run> {
  const full = path.resolve(cwd, file);
  const size = sizeOf(full, file);
  const extension = path.extname(full).toLowerCase();
  const body = createReadStream(full);
  let sent = 0;
  body.on('data', (piece) => {
    sent += piece.length;
    output.progress(output.t({ th: 'ส่งไฟล์', en: 'Uploading' }), sent, size);
  });
  const address = extension === '.ndjson' ? '/v1/registrations/bulk' : '/v1/imports';
  const run = await hub.post<Run>(address, body, {
    params: { mode: options.mode, agency: options.agency, ...(options.dryRun ? { dryRun: true } : {}) },
    headers: { 'Content-Type': TYPES[extension] ?? 'application/octet-stream', 'Content-Length': size },
  });
  output.clear();
  return run;
}

function sizeOf(full: string, named: string): number {
  try {
    const found = statSync(full);
    if (found.isFile()) return found.size;
  } catch {
    // Said below, in the words that were typed.
  }
  throw new CliError(EXIT.usage, `${named}: no such file`);
}

function summary({ output }: Context, run: Run, options: ImportOptions): string {
  const names: [string, string, string][] = [
    ['rows', 'แถว', 'rows'],
    ['created', 'เพิ่มใหม่', 'created'],
    ['amended', 'แก้ไข', 'amended'],
    ['same', 'เหมือนเดิม', 'same'],
    ['rejected', 'ไม่รับ', 'rejected'],
    ['repaired', 'ซ่อมแล้ว', 'repaired'],
    ['drafts', 'ฉบับร่าง', 'drafts'],
    ['removed', 'นำออก', 'removed'],
  ];
  const rows = names.map(([key, th, en]) => [output.t({ th, en }), run.counts[key] ?? 0]);
  const head = output.t({
    th: `การนำเข้า #${run.runId}: ${run.state}${run.dryRun ? ' (ทดลอง)' : ''}`,
    en: `Import #${run.runId}: ${run.state}${run.dryRun ? ' (dry run)' : ''}`,
  });
  const rejected = run.counts['rejected'] ?? 0;
  const hint =
    rejected === 0
      ? ''
      : options.errors
        ? `\n${output.t({ th: `แถวที่ไม่รับพร้อมเหตุผลอยู่ใน ${options.errors}`, en: `The rejected rows, with reasons, are in ${options.errors}` })}`
        : `\n${output.t({ th: 'ใช้ --errors FILE เพื่อรับแถวที่ไม่รับพร้อมเหตุผล', en: 'Use --errors FILE to get the rejected rows with reasons.' })}`;
  return `${head}\n${table(['', ''], rows)}${hint}`;
}
