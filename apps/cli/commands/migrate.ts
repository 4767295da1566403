// saphan migrate: brings the database of this environment to the schema of this release.
import type { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';

export function migrateCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('migrate')
    .description('run pending migrations on DATABASE_URL (npm start does so by itself)')
    .action(async (_options: unknown, command: Command) => {
      const { output, env } = contextOf(command);
      const { migrate, migrateQueues, readConfig } = await import('#platform');
      const config = readConfig(env);
      let names: string[];
      try {
        names = await migrate(config.database.url);
        await migrateQueues(config);
      } catch (error) {
        const code = (error as { code?: string }).code;
        if (code !== 'ECONNREFUSED' && code !== 'ENOTFOUND' && code !== 'ETIMEDOUT') throw error;
        throw new CliError(EXIT.notReachable, `The database cannot be reached (${code}); look at DATABASE_URL.`);
      }
      output.result({ migrations: names }, () =>
        names.length === 0 ? output.t({ th: 'ไม่มีรายการที่ค้าง', en: 'Nothing was pending.' }) : names.join('\n'),
      );
    });
}
