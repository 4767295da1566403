// saphan show: one line's whole story. The number goes to the hub in a body, never into an address or a log.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface ShowOptions {
  circuit?: string;
  provider?: string;
  agency?: string;
  reference?: string;
  id?: string;
}

interface Story {
  line: string;
  access: string;
  why: { th: string; en: string; free: string; next: string };
  registrations: {
    agency: { code: string; nameTh: string };
    reference: string;
    provider: string;
    package: string;
    validFrom: string;
    validTo: string | null;
    state: string;
  }[];
  providers: {
    provider: string;
    status: string;
    sentence: { th: string; en: string };
    changes: {
      seq: number;
      op: string;
      cause: string;
      at: string;
      batches: {
        number: number;
        how: string;
        outcome: string | null;
        sealedAt: string;
        acceptedAt: string | null;
        attempts: { result: string | null }[];
      }[];
      exceptions: { kind: string; code: string | null; th: string; en: string }[];
    }[];
  }[];
}

export function showCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('show')
    .argument('[number]', 'mobile number; "-" reads it from the keyboard, so that no shell keeps it')
    .description('one line’s whole history, and why it is not free yet')
    .option('--circuit <number>', 'a fixed line’s circuit number; needs --provider')
    .option('--provider <code>')
    .option('--agency <code>', 'with --reference: the lines of one registration')
    .option('--reference <text>')
    .option('--id <id>', 'opaque id of a line')
    .action(async (number: string | undefined, options: ShowOptions, command: Command) =>
      show(contextOf(command), number, options),
    );
}

async function show(context: Context, number: string | undefined, { id, ...question }: ShowOptions): Promise<void> {
  const { output, hub } = context;
  const ids = id === undefined ? await search(context, number === '-' ? await typed(context) : number, question) : [id];
  if (ids.length === 0) {
    throw new CliError(EXIT.failed, output.t({ th: 'ไม่พบหมายเลขนี้ในระบบ', en: 'The hub knows no such line.' }));
  }
  const stories: Story[] = [];
  for (const each of ids) stories.push(await hub.get<Story>(`/v1/lines/${encodeURIComponent(each)}`));
  output.result(stories.length === 1 ? stories[0] : stories, () =>
    stories.map((story) => told(context, story)).join('\n\n'),
  );
}

async function search(
  { hub }: Context,
  number: string | undefined,
  question: Omit<ShowOptions, 'id'>,
): Promise<string[]> {
  if (number === undefined && !question.circuit && !question.reference) {
    throw new CliError(EXIT.usage, 'Give a number, --circuit with --provider, --agency with --reference, or --id.');
  }
  const found = await hub.post<{ lines: { id: string }[] }>('/v1/lines/search', { number, ...question });
  return found.lines.map((line) => line.id);
}

async function typed({ output }: Context): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(output.t({ th: 'หมายเลข: ', en: 'number: ' }));
  } finally {
    lines.close();
  }
}

function told({ output }: Context, story: Story): string {
  const words = (pair: { th: string; en: string }) => output.t(pair);
  const registrations = table(
    [
      words({ th: 'หน่วยงาน', en: 'agency' }),
      words({ th: 'อ้างอิง', en: 'reference' }),
      words({ th: 'ผู้ให้บริการ', en: 'provider' }),
      words({ th: 'ตั้งแต่', en: 'from' }),
      words({ th: 'ถึง', en: 'to' }),
      words({ th: 'สถานะ', en: 'state' }),
    ],
    story.registrations.map((each) => [
      each.agency.code,
      each.reference,
      each.provider,
      each.validFrom,
      each.validTo ?? '-',
      each.state,
    ]),
  );
  const changes = story.providers.flatMap((provider) =>
    provider.changes.flatMap((change) => {
      const sent = change.batches.filter((batch) => batch.how === 'sent');
      const rows = sent.length > 0 ? sent : [null];
      return rows.map((batch) => [
        provider.provider,
        change.seq,
        change.op,
        change.cause,
        new Date(change.at).toLocaleString('sv-SE'),
        batch ? `#${batch.number}` : '-',
        batch ? (batch.outcome ?? (batch.acceptedAt ? 'accepted' : 'sent')) : '-',
        batch?.attempts.map((attempt) => attempt.result ?? '…').join(' ') ?? '',
        change.exceptions.map((each) => words(each)).join(' '),
      ]);
    }),
  );
  return [
    `${story.line} (${story.access})  ${words(story.why)}`,
    '',
    registrations,
    '',
    table(
      [
        words({ th: 'ผู้ให้บริการ', en: 'provider' }),
        'seq',
        'op',
        words({ th: 'เหตุ', en: 'cause' }),
        words({ th: 'เวลา', en: 'at' }),
        words({ th: 'ชุด', en: 'batch' }),
        words({ th: 'ผล', en: 'outcome' }),
        words({ th: 'การส่ง', en: 'attempts' }),
        '',
      ],
      changes,
    ),
  ].join('\n');
}
