// saphan destinations list|import|propose|diff|approve|publish|rollback|status.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';

interface Destination {
  app: string;
  value: string;
}

interface Diff {
  since: number | null;
  added: Destination[];
  removed: Destination[];
}

interface Draft {
  draftId: number;
  state: string;
  destinations: number;
  contentSha256: string;
  effectiveAt: string | null;
  denied: { app: string; value: string; reason: string; reasonTh?: string }[];
  warnings: string[];
  diff: Diff;
}

interface Version {
  version: number;
  state: string;
  destinations: number;
  effectiveAt: string;
  approvedBy: string;
  reason: string;
}

interface Standing {
  provider: string;
  form: string | null;
  version: number | null;
  state: string | null;
  acknowledged: number | null;
  enforcedSince: string | null;
  detail: string | null;
}

const REASON = ['--reason <text>', 'why; it is recorded'] as const;
const SHOWN = 40;

export function destinationsCommands(program: Command, contextOf: ContextOf): void {
  const destinations = program
    .command('destinations')
    .description('which networks and names are free: lists and their versions');
  destinations
    .command('list')
    .description('published versions, newest first')
    .action((_options: unknown, command: Command) => list(contextOf(command)));
  destinations
    .command('status')
    .description('which provider enforces which version')
    .action((_options: unknown, command: Command) => status(contextOf(command)));
  destinations
    .command('import')
    .argument('<file>', 'Microsoft, Google, Webex, LINE, v2fly, or a CSV with set,kind,value,proto,ports')
    .description('import a vendor’s list')
    .option('--format <format>', 'needed for v2fly and manual; told by the content otherwise')
    .option('--vendor <vendor>', 'line or cisco, for v2fly')
    .option('--list-version <version>', 'for lists that do not name their version')
    .option('--base <sourceId>', 'the list that changes are applied to')
    .requiredOption(...REASON)
    .action((file: string, options: ImportOptions, command: Command) => importList(contextOf(command), file, options));
  destinations
    .command('propose')
    .description('curate the usual sets of the newest lists into a draft; what is denied is shown')
    .option('--selections <file>', 'JSON: [{"app", "sourceId", "sets"}]')
    .option('--effective <time>', 'when it takes effect, e.g. 2020-03-25T00:00:00+07:00')
    .requiredOption(...REASON)
    .action((options: ProposeOptions, command: Command) => propose(contextOf(command), options));
  destinations
    .command('diff')
    .argument('<id>', 'a draft, or a version (ten digits)')
    .description('what it would add and remove')
    .option('--since <version>', 'compare a version with this one')
    .action((id: string, options: { since?: string }, command: Command) => diff(contextOf(command), id, options.since));
  destinations
    .command('approve')
    .argument('<draft>')
    .description('release a draft as a second person, whose key has the scope approve')
    .requiredOption('--content <sha256>', 'hash of the content that you looked at (diff shows it)')
    .requiredOption(...REASON)
    .action((draft: string, options: { content: string; reason: string }, command: Command) =>
      act(contextOf(command), `drafts/${idOf(draft)}/approve`, {
        contentSha256: options.content,
        reason: options.reason,
      }),
    );
  destinations
    .command('publish')
    .argument('<draft>')
    .description('make an approved draft a numbered version')
    .requiredOption(...REASON)
    .action((draft: string, options: { reason: string }, command: Command) =>
      act(contextOf(command), `drafts/${idOf(draft)}/publish`, options),
    );
  destinations
    .command('rollback')
    .argument('<version>')
    .description('propose the content of an older version again')
    .requiredOption(...REASON)
    .action(async (version: string, options: { reason: string }, command: Command) => {
      const context = contextOf(command);
      showDraft(context, await context.hub.post<Draft>(`/v1/destinations/versions/${idOf(version)}/rollback`, options));
    });
}

/** Only digits go into an address. */
function idOf(text: string): string {
  if (/^\d{1,10}$/.test(text)) return text;
  throw new CliError(EXIT.usage, `"${text}" is no id; give the number that list or propose showed`);
}

async function list({ output, hub }: Context): Promise<void> {
  const answer = await hub.get<{ versions: Version[] }>('/v1/destinations/versions');
  const heads = [
    output.t({ th: 'รุ่น', en: 'version' }),
    output.t({ th: 'สถานะ', en: 'state' }),
    output.t({ th: 'ปลายทาง', en: 'destinations' }),
    output.t({ th: 'มีผล', en: 'effective' }),
    output.t({ th: 'ผู้อนุมัติ', en: 'approved by' }),
    output.t({ th: 'เหตุผล', en: 'reason' }),
  ];
  output.result(answer, () =>
    table(
      heads,
      answer.versions.map((one) => [
        String(one.version),
        one.state,
        one.destinations,
        one.effectiveAt,
        one.approvedBy,
        one.reason,
      ]),
    ),
  );
}

async function status({ output, hub }: Context): Promise<void> {
  const answer = await hub.get<{ providers: Standing[] }>('/v1/destinations/status');
  const heads = [
    output.t({ th: 'ผู้ให้บริการ', en: 'provider' }),
    output.t({ th: 'รูปแบบ', en: 'form' }),
    output.t({ th: 'รุ่นที่ส่ง', en: 'due' }),
    output.t({ th: 'สถานะ', en: 'state' }),
    output.t({ th: 'รุ่นที่ใช้อยู่', en: 'enforced' }),
    output.t({ th: 'ตั้งแต่', en: 'since' }),
    output.t({ th: 'หมายเหตุ', en: 'note' }),
  ];
  output.result(answer, () =>
    table(
      heads,
      answer.providers.map((one) => [
        one.provider,
        one.form ?? '-',
        String(one.version ?? '-'),
        one.state ?? '-',
        String(one.acknowledged ?? '-'),
        one.enforcedSince ?? '-',
        one.detail ?? '',
      ]),
    ),
  );
}

interface ImportOptions {
  format?: string;
  vendor?: string;
  listVersion?: string;
  base?: string;
  reason: string;
}

async function importList({ output, hub, cwd }: Context, file: string, options: ImportOptions): Promise<void> {
  const { listVersion, ...rest } = options;
  const answer = await hub.post<{
    result: string;
    source: { sourceId: number; vendor: string; version: string; valueCount: number; notes: string[] };
  }>('/v1/destinations/sources', readFileSync(path.resolve(cwd, file)), {
    params: { ...rest, ...(listVersion === undefined ? {} : { version: listVersion }) },
    headers: { 'content-type': 'application/octet-stream' },
  });
  const { source } = answer;
  const head = `${answer.result}: #${source.sourceId} ${source.vendor} ${source.version}`;
  output.result(answer, () =>
    [
      output.t({ th: `${head} รวม ${source.valueCount} รายการ`, en: `${head}, ${source.valueCount} values` }),
      ...source.notes.map((note) => `  ${note}`),
    ].join('\n'),
  );
}

interface ProposeOptions {
  selections?: string;
  effective?: string;
  reason: string;
}

async function propose(context: Context, { selections, effective, reason }: ProposeOptions): Promise<void> {
  const body = {
    reason,
    ...(effective === undefined ? {} : { effectiveAt: effective }),
    ...(selections === undefined
      ? {}
      : { selections: JSON.parse(readFileSync(path.resolve(context.cwd, selections), 'utf8')) as unknown }),
  };
  showDraft(context, await context.hub.post<Draft>('/v1/destinations/drafts', body));
}

async function diff(context: Context, id: string, since: string | undefined): Promise<void> {
  const { output, hub } = context;
  if (idOf(id).length < 10) return showDraft(context, await hub.get<Draft>(`/v1/destinations/drafts/${id}`));
  const answer = await hub.get<Diff>(`/v1/destinations/versions/${id}/diff`, {
    params: since === undefined ? {} : { since },
  });
  output.result(answer, () => diffText(answer));
}

function showDraft({ output }: Context, draft: Draft): void {
  output.result(draft, () => {
    const denied = draft.denied.map(
      (one) => `  ${one.app} ${one.value}: ${output.language === 'th' ? (one.reasonTh ?? one.reason) : one.reason}`,
    );
    return [
      output.t({
        th: `ร่าง #${draft.draftId} (${draft.state}) ${draft.destinations} ปลายทาง`,
        en: `Draft #${draft.draftId} (${draft.state}), ${draft.destinations} destinations`,
      }),
      diffText(draft.diff),
      ...(denied.length > 0 ? [output.t({ th: 'ไม่อนุญาต:', en: 'Denied:' }), ...denied] : []),
      ...draft.warnings.map((warning) => `! ${warning}`),
      `content ${draft.contentSha256}`,
    ].join('\n');
  });
}

function diffText({ since, added, removed }: Diff): string {
  const lines = (mark: string, all: Destination[]): string[] => [
    ...all.slice(0, SHOWN).map((one) => `${mark} ${one.app} ${one.value}`),
    ...(all.length > SHOWN ? [`${mark} … ${all.length - SHOWN}`] : []),
  ];
  return [`${since ?? '-'}: +${added.length} -${removed.length}`, ...lines('+', added), ...lines('-', removed)].join(
    '\n',
  );
}

async function act({ output, hub }: Context, address: string, body: object): Promise<void> {
  const answer = await hub.post<{ result: string; version?: number }>(`/v1/destinations/${address}`, body);
  output.result(answer, () => [answer.result, ...(answer.version === undefined ? [] : [answer.version])].join(' '));
}
