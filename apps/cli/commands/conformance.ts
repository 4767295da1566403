// saphan conformance: plays the hub against a provider's test receiver and says in words what is wrong.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import {
  CASE_NAMES,
  ConformanceRefused,
  feedPath,
  ProfileNotValid,
  PULL_CASE_NAMES,
  pullKeyName,
  referenceProfile,
  runConformance,
  validateProfile,
  withTarget,
  type ConformanceReport,
} from '#adapters';
import type { ProviderProfile, TestLine } from '#contracts';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT, ReportedFailure } from '../exit-codes.js';
import { table } from '../output.js';

interface Options {
  provider: string;
  target?: string;
  profile?: string;
  reference?: boolean;
  secrets?: string;
  testLines?: string;
  listen: string;
  callback?: string;
  wait: string;
  skip?: string;
  ca?: string;
  firstNumber?: string;
  timeout?: string;
}

const ABOUT = `
The profile comes from the hub, from --profile FILE, or with --reference from this repository. It must be marked
"environment": "test". Only its testLines are ever sent; without any, invented lines, and those only to this very machine.
The hub shows testLines masked, so with its profile they are given once more by --test-lines FILE.

Secrets by their names in the profile: --secrets FILE, a JSON object of name and value, or one environment variable each,
e.g. SAPHAN_SECRET_AIS_SIGNING_1 for "ais.signing.1".

A server of service orders (DTAC's style) is told by POST /hub where events go: --callback, when it is not on this machine.
The subscription is deleted at the end. A server for one listener must have none when the tool begins.

A provider that pulls reads its feed from the tool instead of the hub (--listen), with the API key "<code>.pull.1", e.g.
SAPHAN_SECRET_3BB_PULL_1: any text that both sides are given.

Batch numbers are the tool's own, from 900000001 on: give it a receiver with a store of its own, or empty it afterwards.

Exit codes: 0 everything passed; 1 faults were found; 2 the command line, profile or secrets cannot be used; 3 refused.`;

export function conformanceCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('conformance')
    .description('play the hub against a provider’s test receiver, and say what is wrong with it')
    .requiredOption('--provider <code>', 'e.g. AIS')
    .option('--target <address>', 'where the receiver is; absent: where the profile says')
    .option('--profile <file>', 'the profile as JSON, instead of asking the hub')
    .option('--reference', 'the reference profile of this repository')
    .option('--secrets <file>', 'JSON object: name of the secret, value')
    .option('--test-lines <file>', 'with the hub’s profile, which shows them masked: the named lines as JSON')
    .option('--listen <host:port>', 'where callbacks are listened for', '127.0.0.1:9099')
    .option('--callback <address>', 'service orders: where the receiver reaches --listen; absent: http:// and --listen')
    .option('--wait <seconds>', 'how long callbacks and answer files are waited for', '30')
    .option('--timeout <ms>', 'limit of one request; absent: as the profile says')
    .option(
      '--skip <cases>',
      `cases to leave out, separated by commas: ${CASE_NAMES.join(', ')}; of a provider that pulls: ${PULL_CASE_NAMES.join(', ')}`,
    )
    .option('--first-number <n>', 'batch numbers begin here, for a receiver that lets no number be left out')
    .option('--ca <file>', 'further certificate authorities in PEM')
    .addHelpText('after', ABOUT)
    .action(async (options: Options, command: Command) => test(contextOf(command), options));
}

async function test(context: Context, options: Options): Promise<void> {
  const { output } = context;
  const profile = await profileOf(context, options);
  const secret = secretsOf(context, options, profile);
  const skip = (options.skip ?? '').split(',').map((one) => one.trim());
  const report = await runConformance({
    profile,
    secret,
    listen: endpointOf(options.listen),
    ...(options.callback ? { callbackBase: addressOf(options.callback) } : {}),
    waitMs: wholeNumber('--wait', options.wait, 3_600) * 1000,
    skip: skip.filter(Boolean),
    ...(options.firstNumber ? { firstNumber: wholeNumber('--first-number', options.firstNumber, 999_999_000) } : {}),
    ...(options.ca ? { ca: textOf(context, options.ca) } : {}),
    listening: (port) => {
      const { host } = endpointOf(options.listen);
      if (profile.acknowledgement === 'pull')
        output.note({
          th: `ศูนย์กลาง (HUB) คือ http://${host}:${port} feed อยู่ที่ ${feedPath(profile.code)}`,
          en: `The hub is played at http://${host}:${port}, with the feed at ${feedPath(profile.code)}`,
        });
      if (profile.format === 'tmf641')
        return output.note({
          th: `สมัครรับ event (POST /hub) ด้วยที่อยู่ ${options.callback ?? `http://${host}:${port}`}/tmf641/…`,
          en: `Events are subscribed (POST /hub) with an address below ${options.callback ?? `http://${host}:${port}`}/tmf641/…`,
        });
      output.note({
        th: `รอ callback ที่ http://${host}:${port}/v1/providers/${profile.code}/acknowledgements`,
        en: `Callbacks are listened for at http://${host}:${port}/v1/providers/${profile.code}/acknowledgements`,
      });
    },
    progress: (name, about) => output.note({ th: `… ${name}: ${about.th}`, en: `… ${name}: ${about.en}` }),
  }).catch((error: unknown) => {
    if (error instanceof ConformanceRefused) throw new CliError(EXIT.refused, output.t(error.words));
    throw error;
  });
  output.result(report, () => textOfReport(report, output));
  if (report.verdict === 'failed') {
    const count = report.faults.length;
    throw new ReportedFailure(EXIT.failed, output.t({ th: `พบข้อผิดพลาด ${count} ข้อ`, en: `${count} fault(s) found.` }));
  }
}

function textOfReport(report: ConformanceReport, output: Context['output']): string {
  const word = {
    passed: output.t({ th: 'ผ่าน', en: 'passed' }),
    failed: output.t({ th: 'ไม่ผ่าน', en: 'FAILED' }),
    skipped: output.t({ th: 'ข้าม', en: 'skipped' }),
  };
  const cases = table(
    [output.t({ th: 'กรณี', en: 'case' }), '', output.t({ th: 'เรื่อง', en: 'about' })],
    report.cases.map((one) => [
      one.name,
      word[one.verdict],
      [output.t(one.about), ...one.notes.map((note) => output.t(note))].join(' — '),
    ]),
  );
  const faults = report.faults.map((one, i) =>
    [
      `${i + 1}. ${output.t(one.what)} [${one.fault}: ${one.cases.join(', ')}]`,
      ...one.seen.map((seen) => `   ${output.t({ th: 'พบ', en: 'seen' })}: ${seen}`),
      `   ${output.t({ th: 'ควรทำ', en: 'to do' })}: ${output.t(one.todo)}`,
    ].join('\n'),
  );
  const { batches, lines, largestBytes, slowestMs } = report.figures;
  const figures = output.t({
    th: `${report.provider}: ส่ง ${batches} ครั้ง ${lines} บรรทัด ใหญ่สุด ${largestBytes} ไบต์ ตอบช้าสุด ${slowestMs} ms`,
    en: `${report.provider}: ${batches} messages with ${lines} lines; the largest had ${largestBytes} bytes, the slowest answer took ${slowestMs} ms`,
  });
  return [cases, '', ...faults, ...(faults.length > 0 ? [''] : []), figures].join('\n');
}

async function profileOf(context: Context, options: Options): Promise<ProviderProfile> {
  const code = options.provider.toUpperCase();
  const found = options.reference ? referenceProfile(code) : await writtenProfile(context, options, code);
  if (!found)
    throw usage(context, { th: `ไม่มีโปรไฟล์อ้างอิงของ ${code}`, en: `There is no reference profile of ${code}.` });
  try {
    const placed = options.target === undefined ? found : withTarget(found, options.target);
    const timeoutMs = options.timeout === undefined ? undefined : wholeNumber('--timeout', options.timeout, 300_000);
    const profile = validateProfile(
      timeoutMs === undefined ? placed : { ...placed, transport: { ...placed.transport, timeoutMs } },
    );
    if (profile.code === code) return profile;
    throw usage(context, {
      th: `โปรไฟล์เป็นของ ${profile.code} ไม่ใช่ ${code}`,
      en: `The profile is the one of ${profile.code}, not of ${code}.`,
    });
  } catch (error) {
    if (error instanceof ProfileNotValid) throw new CliError(EXIT.usage, error.message);
    if (error instanceof ConformanceRefused) throw usage(context, error.words);
    throw error;
  }
}

async function writtenProfile(context: Context, options: Options, code: string): Promise<ProviderProfile> {
  if (options.profile !== undefined) return jsonOf(context, options.profile) as ProviderProfile;
  const { hub } = context;
  const { profile } = await hub.get<{ profile: ProviderProfile }>(`/v1/providers/${encodeURIComponent(code)}/profile`);
  return { ...profile, testLines: unmasked(context, options, profile.testLines ?? []) };
}

/** The hub shows test lines masked; what is given in their stead has to fit a mask, so that no other line is sent. */
function unmasked(context: Context, options: Options, masked: readonly TestLine[]): TestLine[] {
  if (options.testLines === undefined) return [];
  const given = jsonOf(context, options.testLines);
  const fits = (one: unknown): one is TestLine => {
    const { access, line } = (one ?? {}) as Partial<TestLine>;
    return masked.some((named) => {
      const [head = '', tail = ''] = named.line.split(/\*+/);
      return access === named.access && line?.startsWith(head) === true && line.endsWith(tail);
    });
  };
  if (Array.isArray(given) && given.length > 0 && given.every(fits)) return given;
  throw usage(context, {
    th: 'ใน --test-lines มีหมายเลขที่ผู้ให้บริการไม่ได้ระบุ เขียนเป็น [{"access":"MB","line":"+66…"}] เฉพาะหมายเลขใน testLines ของโปรไฟล์',
    en: 'Write --test-lines as [{"access":"MB","line":"+66…"}], with lines that the provider named in testLines of its profile and no others.',
  });
}

/** Secrets by name from the file, else from the environment; one that is missing is said before anything is sent. */
function secretsOf(context: Context, options: Options, profile: ProviderProfile): (name: string) => string | undefined {
  const file = options.secrets === undefined ? {} : (jsonOf(context, options.secrets) as Record<string, string>);
  const variable = (name: string): string => `SAPHAN_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
  const secret = (name: string): string | undefined => file[name] ?? context.env[variable(name)];
  const { signing, callback, sshKey, pgp } = profile.secrets;
  const needed = [
    ...(profile.acknowledgement === 'pull' ? [...callback, pullKeyName(profile.code)] : []),
    ...(profile.transport.kind === 'webhook' ? signing : [sshKey]),
    ...(profile.acknowledgement === 'callback' ? callback : []),
    ...(pgp ? [...pgp.ours, ...pgp.theirs] : []),
    ...beside(profile.transport),
  ];
  const missing = needed.filter((name) => name !== null && secret(name) === undefined);
  if (missing.length === 0) return secret;
  const names = missing.map((name) => `${name} (${variable(name!)})`).join(', ');
  throw usage(context, { th: `ไม่พบความลับ: ${names}`, en: `Secrets are missing: ${names}.` });
}

/** Secrets of a webhook beside its signature. */
function beside(transport: ProviderProfile['transport']): string[] {
  if (transport.kind !== 'webhook') return [];
  const { authentication, mutualTls } = transport;
  const tls = mutualTls ? [mutualTls.certificate, mutualTls.key, mutualTls.authority] : [];
  return [authentication?.secret, ...tls].filter((name): name is string => typeof name === 'string');
}

function endpointOf(text: string): { host: string; port: number } {
  const found = /^(.+):(\d{1,5})$/.exec(text);
  if (!found) throw new CliError(EXIT.usage, `--listen: write host:port, e.g. 127.0.0.1:9099`);
  return { host: found[1]!.replace(/^\[|\]$/g, ''), port: Number(found[2]) };
}

function addressOf(text: string): string {
  if (/^https?:/i.test(text) && URL.canParse(text)) return text;
  throw new CliError(EXIT.usage, '--callback: write an address, e.g. https://this-machine.example:9099');
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new CliError(EXIT.usage, `${option}: write a whole number from 1 to ${most}`);
}

function textOf(context: Context, file: string): string {
  const where = path.resolve(context.cwd, file);
  if (existsSync(where)) return readFileSync(where, 'utf8');
  throw usage(context, { th: `ไม่พบไฟล์ ${file}`, en: `There is no file ${file}.` });
}

function jsonOf(context: Context, file: string): unknown {
  try {
    return JSON.parse(textOf(context, file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw usage(context, { th: `${file} ไม่ใช่ JSON`, en: `${file} is no JSON.` });
  }
}

function usage({ output }: Context, words: { th: string; en: string }): CliError {
  return new CliError(EXIT.usage, output.t(words));
}
