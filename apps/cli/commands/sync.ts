// saphan sync: triggers a batch sync, and follows it until every provider has answered.
import { Option, type Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { pause } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface Part {
  provider: string;
  lines: number;
  state?: string;
  sealed?: number;
  settled?: number;
}

interface Sync {
  syncId?: number;
  kind: string;
  endedAt?: string | null;
  providers: Part[];
}

interface SyncOptions {
  kind: 'delta' | 'full';
  providers?: string;
  reason: string;
  dryRun?: boolean;
  wait: boolean;
}

export function syncCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('sync')
    .description('trigger a batch sync and wait until the providers have acknowledged')
    .addOption(
      new Option('--kind <kind>', 'delta: what is pending; full: the complete current list')
        .choices(['delta', 'full'])
        .default('delta'),
    )
    .option('--providers <codes>', 'codes, separated by commas; without it all')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--dry-run', 'only tell what would be sent')
    .option('--no-wait', 'return when the sync is recorded')
    .action(async (options: SyncOptions, command: Command) => runSync(contextOf(command), options));
}

async function runSync({ output, hub }: Context, options: SyncOptions): Promise<void> {
  const body = {
    kind: options.kind,
    reason: options.reason,
    dryRun: options.dryRun === true,
    ...(options.providers ? { providers: options.providers.split(',').map((code) => code.trim().toUpperCase()) } : {}),
  };
  let sync = await hub.post<Sync>('/v1/syncs', body);
  while (options.wait && sync.syncId !== undefined && !sync.endedAt) {
    const lines = sync.providers.reduce((sum, part) => sum + part.lines, 0);
    const settled = sync.providers.reduce((sum, part) => sum + (part.settled ?? 0), 0);
    output.progress(output.t({ th: `ซิงก์ #${sync.syncId}`, en: `Sync #${sync.syncId}` }), settled, lines);
    await pause(500);
    sync = await hub.get<Sync>(`/v1/syncs/${sync.syncId}`);
  }
  output.result(sync, () =>
    table(
      [
        output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
        output.t({ th: 'จำนวน', en: 'lines' }),
        output.t({ th: 'เสร็จ', en: 'settled' }),
        output.t({ th: 'สถานะ', en: 'state' }),
      ],
      sync.providers.map((part) => [
        part.provider,
        part.lines,
        part.settled ?? 0,
        part.state ?? output.t({ th: 'ทดลอง', en: 'dry run' }),
      ]),
    ),
  );
  const wrong = sync.providers.filter((part) => part.state === 'failed' || part.state === 'cancelled');
  if (wrong.length > 0) {
    const codes = wrong.map((part) => part.provider).join(', ');
    throw new CliError(
      EXIT.failed,
      output.t({ th: `ซิงก์ไม่เสร็จสมบูรณ์ที่ ${codes}`, en: `The sync did not complete at ${codes}` }),
    );
  }
}
