// saphan provider list|show|add|set|test: which providers there are, how each is connected, and whether that works.
import type { Command } from 'commander';
import { pause, type Context, type ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { age, table } from '../output.js';
import { checkFolder, jsonFromFile, keepGives, secretsFrom, several, type Give } from '../secret-files.js';
import { keyCommandsOfProvider, keysTable, type ShownKey } from './provider-keys.js';
import { showStatus } from './status.js';

interface Profile {
  provider: string;
  version: number;
  profile: {
    nameTh: string;
    nameEn: string;
    environment: string;
    format: string;
    acknowledgement: string;
    transport: { kind: string; target?: string; host?: string };
    testLines?: { access: string; line: string }[];
    contacts?: { role: string; name: string; email: string }[];
  };
  keys: (ShownKey & { storedAt: string | null; endsAt: string | null })[];
  unusedSecrets: string[];
  pendingKeyChanges: { changeId: number; purpose: string; confirmedBy: { name: string }[]; expiresAt: string }[];
}

interface Health {
  present: { total: number; applied: number };
  unsealed: number;
  oldestUnsealedS: number | null;
  oldestUnacknowledgedS: number | null;
  failures: number;
  waitingFor: string | null;
  paused: { by: string; reason: string } | null;
}

interface Difference {
  field: string;
  before: unknown;
  after: unknown;
}

const address = (code: string, rest = ''): string => `/v1/providers/${encodeURIComponent(code.toUpperCase())}${rest}`;

export function providerCommands(program: Command, contextOf: ContextOf): void {
  const provider = program
    .command('provider')
    .description('providers: how each is connected, its keys, and tests of it');
  provider
    .command('list')
    .description('all providers at a glance')
    .action(async (_options: unknown, command: Command) => showStatus(contextOf(command)));
  provider
    .command('show')
    .argument('<code>')
    .description('profile, keys by fingerprint and age, health; never a secret, test lines masked')
    .action(async (code: string, _options: unknown, command: Command) => show(contextOf(command), code));
  provider
    .command('add')
    .requiredOption('--file <profile.json>', 'the whole profile')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--secret-file <name=file>', 'a secret that the profile names, from a file; may be repeated', several)
    .option('--secret-env <name=VARIABLE>', 'the same from the environment', several)
    .option('--out <folder>', 'where secrets that the hub makes for the provider are kept (files for you alone)')
    .option('--dry-run', 'only check')
    .description('add a provider; it is paused until two people have confirmed its keys')
    .action(async (options: AddOptions, command: Command) => add(contextOf(command), options));
  provider
    .command('set')
    .argument('<code>')
    .requiredOption('--file <profile.json>', 'the whole new profile, e.g. from "provider show --json" and edited')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--close-unsettled', 'when the way is switched: close unsettled batches and append their changes again')
    .option('--dry-run', 'only show what would change')
    .description('change a profile, or switch to another transport, format or acknowledgement, without restart')
    .action(async (code: string, options: SetOptions, command: Command) => set(contextOf(command), code, options));
  provider
    .command('test')
    .argument('<code>')
    .option('--line <n>', 'which of its test lines, from 1', '1')
    .option('--within <seconds>', 'how long to wait for each of the two outcomes', '120')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .description('connection, authentication, one of its own test lines added and removed')
    .action(async (code: string, options: TestOptions, command: Command) => test(contextOf(command), code, options));
  keyCommandsOfProvider(provider, contextOf);
}

async function show({ output, hub }: Context, code: string): Promise<void> {
  const [shown, health] = await Promise.all([
    hub.get<Profile>(address(code, '/profile')),
    hub.get<Health>(address(code)),
  ]);
  output.result({ ...shown, health }, () => {
    const { profile } = shown;
    const t = output.t.bind(output);
    const state = health.paused
      ? `${t({ th: 'หยุดชั่วคราว', en: 'paused' })}: ${health.paused.reason} (${health.paused.by})`
      : (health.waitingFor ?? t({ th: 'ปกติ', en: 'sending' }));
    const facts: [string, string][] = [
      [t({ th: 'ชื่อ', en: 'name' }), `${profile.nameTh} / ${profile.nameEn}`],
      [
        t({ th: 'แบบ', en: 'way' }),
        `${profile.transport.kind}, ${profile.format}, ${profile.acknowledgement} (${profile.environment})`,
      ],
      [t({ th: 'ที่อยู่', en: 'address' }), profile.transport.target ?? profile.transport.host ?? ''],
      [t({ th: 'รุ่นของโพรไฟล์', en: 'profile version' }), String(shown.version)],
      [t({ th: 'สถานะ', en: 'state' }), state],
      [t({ th: 'ควรมี / ใช้ได้', en: 'lines / applied' }), `${health.present.total} / ${health.present.applied}`],
      [
        t({ th: 'รอส่ง', en: 'waiting' }),
        `${health.unsealed} (${age(health.oldestUnacknowledgedS ?? health.oldestUnsealedS)})`,
      ],
      [t({ th: 'ล้มเหลวติดกัน', en: 'failures in a row' }), String(health.failures)],
      [t({ th: 'หมายเลขทดสอบ', en: 'test lines' }), (profile.testLines ?? []).map((one) => one.line).join(', ') || '-'],
      [
        t({ th: 'ผู้ติดต่อ', en: 'contacts' }),
        (profile.contacts ?? []).map((one) => `${one.name} <${one.email}> (${one.role})`).join(', ') || '-',
      ],
    ];
    const pending = shown.pendingKeyChanges.map((one) =>
      t({
        th: `รอยืนยันกุญแจ #${one.changeId} (${one.purpose}) ยืนยันแล้ว ${one.confirmedBy.length} จาก 2 คน ถึง ${one.expiresAt}`,
        en: `key change #${one.changeId} (${one.purpose}): ${one.confirmedBy.length} of 2 have confirmed; until ${one.expiresAt}`,
      }),
    );
    const unused =
      shown.unusedSecrets.length > 0
        ? [
            t({
              th: `กุญแจที่ไม่ใช้แล้ว: ${shown.unusedSecrets.join(', ')}`,
              en: `not used any more, retire: ${shown.unusedSecrets.join(', ')}`,
            }),
          ]
        : [];
    return [table([shown.provider, ''], facts), '', keysTable(output, shown.keys), ...pending, ...unused].join('\n');
  });
}

interface AddOptions {
  file: string;
  reason: string;
  secretFile?: string[];
  secretEnv?: string[];
  out?: string;
  dryRun?: boolean;
}

interface Added {
  result: string;
  changeId: number | null;
  keys: ShownKey[];
  toBeMade: string[];
  give: Give[];
}

async function add({ output, hub, env }: Context, options: AddOptions): Promise<void> {
  const body = { profile: jsonFromFile(options.file), reason: options.reason, secrets: secretsFrom(options, env) };
  const dry = await hub.post<Added>('/v1/providers', { ...body, dryRun: true });
  if (options.dryRun) return output.result(dry, () => addedText(output, dry));
  const secret = dry.toBeMade.filter((name) => /\.(?:signing|callback|digest)\./.test(name));
  if (secret.length > 0 && options.out === undefined) {
    throw new CliError(
      EXIT.usage,
      output.t({
        th: `ระบบจะสร้างกุญแจลับ ${secret.join(', ')} ซึ่งต้องส่งให้ผู้ให้บริการ กำหนดโฟลเดอร์ด้วย --out หรือระบุไฟล์ด้วย --secret-file`,
        en: `The hub will make ${secret.join(', ')}, which the provider must be given. Name a folder for them with --out, or give your own with --secret-file.`,
      }),
    );
  }
  if (options.out !== undefined) checkFolder(options.out);
  const made = await hub.post<Added>('/v1/providers', body);
  const give = keepGives(made.give, options.out);
  output.result({ ...made, give }, () => addedText(output, { ...made, give }));
}

function addedText(
  output: Context['output'],
  made: Omit<Added, 'give'> & { give: { what: string; text?: string; file?: string }[] },
): string {
  const t = output.t.bind(output);
  const lines = [made.result, keysTable(output, made.keys)];
  if (made.toBeMade.length > 0)
    lines.push(t({ th: `จะสร้าง: ${made.toBeMade.join(', ')}`, en: `would be made: ${made.toBeMade.join(', ')}` }));
  for (const one of made.give)
    lines.push(`${t({ th: 'ส่งให้ผู้ให้บริการ', en: 'give to the provider' })}: ${one.what}`, one.file ?? one.text ?? '');
  if (made.changeId !== null)
    lines.push(
      t({
        th: `รอให้สองคนยืนยันลายนิ้วมือกุญแจผ่านช่องทางอื่น: saphan provider confirm <code> ${made.changeId}`,
        en: `paused until two people have confirmed the fingerprints over a second channel: saphan provider confirm <code> ${made.changeId}`,
      }),
    );
  return lines.join('\n');
}

interface SetOptions {
  file: string;
  reason: string;
  closeUnsettled?: boolean;
  dryRun?: boolean;
}

interface Changed {
  result: string;
  differences: Difference[];
  waySwitched: boolean;
  closed: number[];
  givenUp: number[];
}

async function set({ output, hub }: Context, code: string, options: SetOptions): Promise<void> {
  const file = jsonFromFile(options.file) as { profile?: object; version?: number };
  // What "provider show --json" gave may be edited and given back whole; its version then guards against another's change.
  const profile = file.profile ?? file;
  const version = file.profile ? file.version : undefined;
  const body = {
    profile,
    version: version ?? (await hub.get<Profile>(address(code, '/profile'))).version,
    reason: options.reason,
    dryRun: options.dryRun === true,
    ...(options.closeUnsettled ? { unsettled: 'close' } : {}),
  };
  const { data } = await hub.request<Changed>({ method: 'PUT', url: address(code, '/profile'), data: body });
  output.result(data, () => {
    const heads = [
      output.t({ th: 'ช่อง', en: 'field' }),
      output.t({ th: 'เดิม', en: 'before' }),
      output.t({ th: 'ใหม่', en: 'after' }),
    ];
    const rows = data.differences.map((one) => [one.field, JSON.stringify(one.before), JSON.stringify(one.after)]);
    const notes = [
      ...(data.waySwitched ? [output.t({ th: 'เปลี่ยนวิธีเชื่อมต่อ', en: 'the way to the provider is another one' })] : []),
      ...(data.closed.length > 0
        ? [
            output.t({
              th: `ปิดชุด ${data.closed.join(', ')} และส่งใหม่`,
              en: `batches ${data.closed.join(', ')} closed, their changes appended again`,
            }),
          ]
        : []),
      ...(data.givenUp.length > 0
        ? [
            output.t({
              th: `ชุด ${data.givenUp.join(', ')} ผลบางส่วนไม่แน่ชัด`,
              en: `batches ${data.givenUp.join(', ')}: lines without outcome are uncertain`,
            }),
          ]
        : []),
    ];
    return [data.result, ...(rows.length > 0 ? [table(heads, rows)] : []), ...notes].join('\n');
  });
}

interface TestOptions {
  line: string;
  within: string;
  reason: string;
}

interface Test {
  testId: number;
  state: 'running' | 'passed' | 'failed';
  steps: { step: string; outcome: 'passed' | 'failed' | 'skipped'; text: string; ms: number }[];
}

const STEPS: Record<string, { th: string; en: string }> = {
  address: { th: 'ที่อยู่', en: 'address' },
  connection: { th: 'การเชื่อมต่อ', en: 'connection' },
  authentication: { th: 'การยืนยันตัวตน', en: 'authentication' },
  add: { th: 'เพิ่มหมายเลขทดสอบ', en: 'add the test line' },
  remove: { th: 'ลบหมายเลขทดสอบ', en: 'remove the test line' },
};
const OUTCOMES = {
  passed: { th: 'ผ่าน', en: 'passed' },
  failed: { th: 'ไม่ผ่าน', en: 'FAILED' },
  skipped: { th: 'ข้าม', en: 'skipped' },
};

async function test({ output, hub }: Context, code: string, options: TestOptions): Promise<void> {
  const { testId } = await hub.post<{ testId: number }>(address(code, '/tests'), {
    line: Number(options.line),
    withinS: Number(options.within),
    reason: options.reason,
  });
  const words = ({ step, outcome, text, ms }: Test['steps'][number]): string =>
    `${output.t(OUTCOMES[outcome])}  ${output.t(STEPS[step] ?? { th: step, en: step })}: ${text} (${ms} ms)`;
  let told = 0;
  let seen: Test;
  for (;;) {
    seen = await hub.get<Test>(address(code, `/tests/${testId}`));
    if (seen.state !== 'running') break;
    for (const step of seen.steps.slice(told)) output.note({ th: words(step), en: words(step) });
    told = seen.steps.length;
    await pause(300);
  }
  output.result(seen, () => seen.steps.map(words).join('\n'));
  if (seen.state !== 'passed')
    throw new CliError(EXIT.failed, output.t({ th: 'การทดสอบไม่ผ่าน', en: 'The test did not pass.' }));
}
