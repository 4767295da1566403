// saphan key create|list|revoke.
import type { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { table } from '../output.js';

interface Key {
  keyId: string;
  name: string;
  scopes: string[];
  createdAt: string;
  revokedAt: string | null;
  lastUsedOn: string | null;
}

export function keyCommands(program: Command, contextOf: ContextOf): void {
  const key = program.command('key').description('API keys');
  key
    .command('create')
    .argument('<name>', 'who will use it')
    .description('make a key; it is shown this once')
    .requiredOption('--scopes <list>', 'onde, ops.read, ops.act, provider:<CODE>; separated by commas')
    .action(async (name: string, options: { scopes: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const made = await hub.post<{ keyId: string; key: string }>('/v1/keys', {
        name,
        scopes: options.scopes.split(',').map((scope) => scope.trim()),
      });
      output.note({ th: 'เก็บกุญแจนี้ไว้ให้ดี จะไม่แสดงอีก', en: 'Keep it safe: it is not shown again.' });
      output.result(made, () => made.key);
    });
  key
    .command('list')
    .description('all keys, with the day of their last use')
    .action(async (_options: unknown, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.get<{ keys: Key[] }>('/v1/keys');
      output.result(answer, () =>
        table(
          [
            'id',
            output.t({ th: 'ชื่อ', en: 'name' }),
            output.t({ th: 'สิทธิ์', en: 'scopes' }),
            output.t({ th: 'ใช้ล่าสุด', en: 'last used' }),
            output.t({ th: 'ยกเลิก', en: 'revoked' }),
          ],
          answer.keys.map((each) => [
            each.keyId,
            each.name,
            each.scopes.join(','),
            each.lastUsedOn ?? '-',
            each.revokedAt?.slice(0, 10) ?? '-',
          ]),
        ),
      );
    });
  key
    .command('revoke')
    .argument('<keyId>')
    .description('a revoked key stops working within five seconds')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .action(async (keyId: string, options: { reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.post<{ result: string }>(`/v1/keys/${encodeURIComponent(keyId)}/revoke`, {
        reason: options.reason,
      });
      output.result(answer, () => answer.result);
    });
}
