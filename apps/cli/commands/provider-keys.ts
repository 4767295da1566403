// saphan provider rotate|keys|confirm|cancel|retire: changing a provider's keys, with two people and a second channel.
import { Option, type Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { table } from '../output.js';
import { checkFolder, fromEnv, fromFile, keepGives, several, type Give } from '../secret-files.js';

export interface ShownKey {
  purpose: string;
  name: string;
  fingerprint: string | null;
}

const PURPOSES = [
  'signing',
  'callback',
  'digest',
  'sshKey',
  'hostKey',
  'pgpOurs',
  'pgpTheirs',
  'apiKey',
  'oauth2',
  'tls',
  'authority',
];
/** Keys that both sides hold: what the hub makes must reach the provider, and must not be printed. */
const SHARED = ['signing', 'callback', 'digest'];
/** Keys that the hub makes when none is given. */
const MADE = [...SHARED, 'sshKey', 'pgpOurs'];

export function keysTable(
  output: Context['output'],
  keys: (ShownKey & { storedAt?: string | null; endsAt?: string | null })[],
): string {
  const heads = [
    output.t({ th: 'กุญแจ', en: 'key' }),
    output.t({ th: 'ชื่อ', en: 'name' }),
    output.t({ th: 'ลายนิ้วมือ', en: 'fingerprint' }),
    output.t({ th: 'เก็บเมื่อ', en: 'stored' }),
    output.t({ th: 'หมดอายุ', en: 'ends' }),
  ];
  const rows = keys.map((key) => [
    key.purpose,
    key.name,
    key.fingerprint ?? output.t({ th: 'ไม่มีในระบบ', en: 'MISSING' }),
    key.storedAt?.slice(0, 10) ?? '-',
    key.endsAt?.slice(0, 10) ?? '-',
  ]);
  return table(heads, rows);
}

const address = (code: string, rest: string): string =>
  `/v1/providers/${encodeURIComponent(code.toUpperCase())}${rest}`;

interface RotateOptions {
  key: string;
  reason: string;
  keyFile?: string;
  keyEnv?: string;
  privateKeyFile?: string;
  fingerprint?: string;
  out?: string;
}

interface Change {
  changeId: number;
  purpose: string;
  state: string;
  keys: ShownKey[];
  proposedBy: string;
  expiresAt: string;
  confirmedBy: { name: string; heardFrom: string }[];
}

export function keyCommandsOfProvider(provider: Command, contextOf: ContextOf): void {
  provider
    .command('rotate')
    .argument('<code>')
    .addOption(new Option('--key <kind>', 'which key').choices(PURPOSES).makeOptionMandatory())
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--key-file <file>', 'the new key; without it the hub makes one where it can')
    .option('--key-env <VARIABLE>', 'the new key from the environment')
    .option('--private-key-file <file>', 'the private key of a certificate (tls)')
    .option('--fingerprint <SHA256:…>', 'of a host key (hostKey), as ssh-keygen -lf shows it')
    .option('--out <folder>', 'where what the provider must be given is kept (files for you alone)')
    .description('propose a new key; it is used beside the old one when two people have confirmed it')
    .action(async (code: string, options: RotateOptions, command: Command) =>
      rotate(contextOf(command), code, options),
    );
  provider
    .command('keys')
    .argument('<code>')
    .description('changes of keys, newest first')
    .action(async (code: string, _options: unknown, command: Command) => list(contextOf(command), code));
  provider
    .command('confirm')
    .argument('<code>')
    .argument('<change>', 'its number')
    .requiredOption('--fingerprint <text>', 'as you heard it, typed in; once for each key of the change', several)
    .requiredOption('--heard-from <text>', 'who read it out, and over what')
    .description('confirm a change of keys; two different people must')
    .action(
      async (code: string, change: string, options: { fingerprint: string[]; heardFrom: string }, command: Command) => {
        const { output, hub } = contextOf(command);
        const answer = await hub.post<{ state: string; missing: number }>(
          address(code, `/key-changes/${encodeURIComponent(change)}/confirm`),
          { fingerprints: options.fingerprint, heardFrom: options.heardFrom },
        );
        output.result(answer, () =>
          answer.state === 'confirmed'
            ? output.t({ th: 'ยืนยันครบแล้ว เริ่มใช้กุญแจใหม่', en: 'confirmed by two people; the key is in use' })
            : output.t({ th: 'บันทึกแล้ว ยังต้องมีอีกหนึ่งคนยืนยัน', en: 'recorded; a second person has to confirm' }),
        );
      },
    );
  provider
    .command('cancel')
    .argument('<code>')
    .argument('<change>', 'its number')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .description('cancel a change of keys')
    .action(async (code: string, change: string, options: { reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.post<{ result: string }>(
        address(code, `/key-changes/${encodeURIComponent(change)}/cancel`),
        options,
      );
      output.result(answer, () => answer.result);
    });
  provider
    .command('retire')
    .argument('<code>')
    .requiredOption('--name <key>', 'as "provider show" names it')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .description('end an old key; the last of its kind stays')
    .action(async (code: string, options: { name: string; reason: string }, command: Command) => {
      const { output, hub } = contextOf(command);
      const answer = await hub.post<{ result: string }>(address(code, '/keys/retire'), options);
      output.result(answer, () => `${options.name}: ${answer.result}`);
    });
}

async function rotate({ output, hub, env }: Context, code: string, options: RotateOptions): Promise<void> {
  const key = options.keyFile
    ? fromFile(options.keyFile)
    : options.keyEnv
      ? fromEnv(env, options.keyEnv)
      : options.key === 'hostKey'
        ? options.fingerprint
        : undefined;
  if (key === undefined && !MADE.includes(options.key)) {
    throw new CliError(
      EXIT.usage,
      options.key === 'hostKey'
        ? output.t({
            th: 'ระบุ --fingerprint ของกุญแจเครื่อง',
            en: 'Give the fingerprint of the host key with --fingerprint.',
          })
        : output.t({ th: 'ระบุกุญแจด้วย --key-file หรือ --key-env', en: 'Give the key with --key-file or --key-env.' }),
    );
  }
  if (key === undefined && SHARED.includes(options.key) && options.out === undefined) {
    throw new CliError(
      EXIT.usage,
      output.t({
        th: 'กุญแจลับใหม่ต้องส่งให้ผู้ให้บริการ กำหนดโฟลเดอร์ที่จะเก็บด้วย --out',
        en: 'The provider must be given the new secret, which is never printed: name a folder for it with --out.',
      }),
    );
  }
  if (options.out !== undefined) checkFolder(options.out);
  const made = await hub.post<{ changeId: number; key: ShownKey; give: Give | null }>(address(code, '/key-changes'), {
    purpose: options.key,
    reason: options.reason,
    ...(key === undefined ? {} : { key }),
    ...(options.privateKeyFile ? { privateKey: fromFile(options.privateKeyFile) } : {}),
  });
  const [give = null] = keepGives(made.give ? [made.give] : [], options.out);
  output.result({ ...made, give }, () => {
    const lines = [keysTable(output, [made.key])];
    if (give)
      lines.push(
        `${output.t({ th: 'ส่งให้ผู้ให้บริการ', en: 'give to the provider' })}: ${give.what}`,
        give.file ?? give.text ?? '',
      );
    lines.push(
      output.t({
        th: `ให้สองคนฟังลายนิ้วมือจากผู้ให้บริการผ่านช่องทางอื่น แล้วแต่ละคนพิมพ์: saphan provider confirm ${code} ${made.changeId} --fingerprint "…" --heard-from "…"`,
        en: `Two people hear the fingerprint from the provider over a second channel; each types: saphan provider confirm ${code} ${made.changeId} --fingerprint "…" --heard-from "…"`,
      }),
    );
    return lines.join('\n');
  });
}

async function list({ output, hub }: Context, code: string): Promise<void> {
  const answer = await hub.get<{ changes: Change[] }>(address(code, '/key-changes'));
  output.result(answer, () =>
    table(
      [
        '#',
        output.t({ th: 'กุญแจ', en: 'key' }),
        output.t({ th: 'สถานะ', en: 'state' }),
        output.t({ th: 'ลายนิ้วมือ', en: 'fingerprint' }),
        output.t({ th: 'เสนอโดย', en: 'proposed by' }),
        output.t({ th: 'ยืนยันโดย', en: 'confirmed by' }),
      ],
      answer.changes.map((change) => [
        String(change.changeId),
        change.purpose,
        change.state,
        change.keys.map((key) => key.fingerprint ?? '').join(' | '),
        change.proposedBy,
        change.confirmedBy.map((one) => `${one.name} (${one.heardFrom})`).join(', '),
      ]),
    ),
  );
}
