// saphan set-aside list: answers of providers that could not be used.
import type { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { table } from '../output.js';

interface SetAsideAnswer {
  groups: {
    provider: string;
    reason: string;
    messages: number;
    items: number;
    lastAt: string;
    th: string;
    en: string;
    remedyTh: string;
    remedyEn: string;
  }[];
  rows: { provider: string; reason: string; batch: number | null; detail: string; messages: number; lastAt: string }[];
  next: number | null;
}

export function setAsideCommands(program: Command, contextOf: ContextOf): void {
  const command = program.command('set-aside').description('answers of providers that could not be used');
  command
    .command('list')
    .description('by reason with what to do about it, and the newest one by one')
    .option('--provider <code>', 'one provider only')
    .option('--reason <reason>', 'one reason only, e.g. signatureWrong')
    .option('--limit <n>', 'how many one by one', '20')
    .action(async (options: { provider?: string; reason?: string; limit: string }, each: Command) => {
      const { output, hub } = contextOf(each);
      const answer = await hub.get<SetAsideAnswer>('/v1/set-aside', { params: options });
      output.result(answer, () => {
        const th = output.language === 'th';
        if (answer.groups.length === 0) return output.t({ th: 'ไม่มีคำตอบที่ใช้ไม่ได้', en: 'Nothing was set aside.' });
        const groups = table(
          [
            output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
            output.t({ th: 'เหตุ', en: 'reason' }),
            output.t({ th: 'ข้อความ', en: 'messages' }),
            output.t({ th: 'รายการ', en: 'lines' }),
            output.t({ th: 'ล่าสุด', en: 'last' }),
            output.t({ th: 'วิธีแก้', en: 'what to do' }),
          ],
          answer.groups.map((one) => [
            one.provider,
            one.reason,
            one.messages,
            one.items,
            one.lastAt.slice(0, 19),
            th ? one.remedyTh : one.remedyEn,
          ]),
        );
        const rows = table(
          [
            output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
            output.t({ th: 'ชุด', en: 'batch' }),
            output.t({ th: 'เวลา', en: 'at' }),
            output.t({ th: 'ครั้ง', en: 'times' }),
            output.t({ th: 'รายละเอียด', en: 'detail' }),
          ],
          answer.rows.map((row) => [row.provider, row.batch ?? '-', row.lastAt.slice(0, 19), row.messages, row.detail]),
        );
        return `${groups}\n\n${rows}`;
      });
    });
}
