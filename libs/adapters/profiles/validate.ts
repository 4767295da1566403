// Checks a provider's profile from outside (configuration, API) and says what to write where it is wrong.
// By hand and not by a schema library: most rules are about several fields, and the messages are the point.
import type { ProviderProfile } from '#contracts';

/** A profile that cannot work; lists everything that is wrong, each with what to write. */
export class ProfileNotValid extends Error {
  constructor(
    readonly code: string,
    readonly faults: string[],
  ) {
    super(`The profile of ${code} cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ProfileNotValid';
  }
}

type Fields = Record<string, unknown>;

const PROFILE_FIELDS = [
  'code',
  'nameTh',
  'nameEn',
  'accesses',
  'circuitPattern',
  'environment',
  'format',
  'transport',
  'acknowledgement',
  'maxLines',
  'maxInFlight',
  'releasedBy',
  'appliesInOrder',
  'refusesKnownNumbers',
  'canBeAsked',
  'takesDates',
  'receiptDeadlineS',
  'outcomeDeadlineS',
  'retryScheduleS',
  'maxLineTries',
  'secrets',
  'deliveryWindows',
  'proofOfLifeAt',
  'destinations',
  'testLines',
  'contacts',
  'successor',
];
const WEBHOOK_FIELDS = ['kind', 'target', 'timeoutMs', 'gzip', 'authentication', 'mutualTls'];
const SFTP_FIELDS = ['kind', 'host', 'port', 'username', 'root', 'hostKeys', 'timeoutMs', 'pollMs', 'charset'];
const SECRET_FIELDS = ['signing', 'callback', 'sshKey', 'pgp'];

const DAY_S = 86_400;

/** Reads fields of one object and collects faults. */
class Checker {
  readonly faults: string[] = [];

  say(fault: string): void {
    this.faults.push(fault);
  }

  object(value: unknown, path: string, known: readonly string[]): Fields | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.say(`${path} is absent; write an object with ${known.join(', ')}`);
      return null;
    }
    for (const name of Object.keys(value)) {
      if (!known.includes(name)) this.say(`${path}.${name} is not a field; known are ${known.join(', ')}`);
    }
    return value as Fields;
  }

  word(value: unknown, path: string, words: readonly string[]): void {
    if (!words.includes(value as string))
      this.say(`${path}: write one of ${words.map((word) => `"${word}"`).join(', ')}`);
  }

  text(value: unknown, path: string, pattern: RegExp, write: string): void {
    if (typeof value !== 'string' || !pattern.test(value)) this.say(`${path}: write ${write}`);
  }

  whole(value: unknown, path: string, least: number, most: number, what: string): void {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      this.say(`${path}: write ${what}, a whole number from ${least} to ${most}`);
    }
  }

  yesNo(value: unknown, path: string): void {
    if (typeof value !== 'boolean') this.say(`${path}: write true or false`);
  }

  list(value: unknown, path: string, least: number, fits: (item: unknown) => boolean, write: string): void {
    if (!Array.isArray(value) || value.length < least || !value.every(fits) || new Set(value).size !== value.length) {
      this.say(`${path}: write ${write}`);
    }
  }
}

/**
 * Checks every field and what must fit together. Returns the same profile, typed.
 * Throws `ProfileNotValid` with all faults at once.
 */
export function validateProfile(candidate: unknown): ProviderProfile {
  const check = new Checker();
  const profile = check.object(candidate, 'profile', PROFILE_FIELDS);
  if (profile) {
    checkIdentity(check, profile);
    checkPace(check, profile);
    const secrets = checkSecrets(check, profile['secrets']);
    checkTransport(check, profile, secrets);
  }
  if (check.faults.length > 0) {
    const code = profile?.['code'];
    throw new ProfileNotValid(typeof code === 'string' && /^\w{1,12}$/.test(code) ? code : '(no code)', check.faults);
  }
  return candidate as ProviderProfile;
}

function checkIdentity(check: Checker, profile: Fields): void {
  check.text(profile['code'], 'code', /^[A-Z0-9]{2,12}$/, 'two to twelve capital letters or digits, e.g. "AIS"');
  check.text(profile['nameTh'], 'nameTh', /\S/, 'the name in Thai');
  check.text(profile['nameEn'], 'nameEn', /\S/, 'the name in English');
  check.list(
    profile['accesses'],
    'accesses',
    1,
    (one) => one === 'MB' || one === 'FB',
    '["MB"], ["FB"] or ["MB","FB"]',
  );
  const fixed = Array.isArray(profile['accesses']) && profile['accesses'].includes('FB');
  const pattern = profile['circuitPattern'];
  if (fixed && (typeof pattern !== 'string' || !/^\^.*\$$/s.test(pattern) || !compiles(pattern))) {
    check.say(
      'circuitPattern: with fixed lines (FB), write an anchored pattern of its circuit numbers, e.g. "^\\\\d{10}$"',
    );
  }
  if (!fixed && pattern !== null) check.say('circuitPattern: without fixed lines (FB) in accesses, write null');
  check.word(profile['environment'], 'environment', ['test', 'live']);
  check.word(profile['format'], 'format', ['cloudevents', 'hdt', 'tmf641', 'thin']);
  check.word(profile['acknowledgement'], 'acknowledgement', ['response', 'callback', 'files', 'pull']);
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function checkPace(check: Checker, profile: Fields): void {
  check.whole(profile['maxLines'], 'maxLines', 1, 200_000, 'the most lines in one batch');
  check.whole(profile['maxInFlight'], 'maxInFlight', 1, 64, 'how many batches may await outcomes');
  check.word(profile['releasedBy'], 'releasedBy', ['receipt', 'outcomes']);
  for (const name of ['appliesInOrder', 'refusesKnownNumbers', 'canBeAsked', 'takesDates'])
    check.yesNo(profile[name], name);
  check.whole(profile['receiptDeadlineS'], 'receiptDeadlineS', 10, 7 * DAY_S, 'seconds until a receipt is overdue');
  check.whole(profile['outcomeDeadlineS'], 'outcomeDeadlineS', 10, 30 * DAY_S, 'seconds until outcomes are overdue');
  check.list(
    profile['retryScheduleS'],
    'retryScheduleS',
    1,
    (one) => typeof one === 'number' && one >= 0.05 && one <= DAY_S,
    'pauses in seconds, each from 0.05 to 86400 and none twice, e.g. [1, 5, 30, 120, 600]',
  );
  check.whole(profile['maxLineTries'], 'maxLineTries', 1, 100, 'how often one line is tried');

  if (
    typeof profile['maxInFlight'] === 'number' &&
    profile['maxInFlight'] > 1 &&
    profile['releasedBy'] === 'outcomes'
  ) {
    check.say('maxInFlight: with releasedBy "outcomes" only 1 can be in flight; write 1, or releasedBy "receipt"');
  }
  const [receipt, outcomes] = [profile['receiptDeadlineS'], profile['outcomeDeadlineS']];
  if (typeof receipt === 'number' && typeof outcomes === 'number' && outcomes < receipt) {
    check.say('outcomeDeadlineS: outcomes cannot be due before the receipt; write at least receiptDeadlineS');
  }
  if (profile['refusesKnownNumbers'] === false && profile['canBeAsked'] === false) {
    check.say(
      'canBeAsked: a provider that neither refuses known numbers nor can be asked leaves no safe way on after a lost answer; one of the two must be true',
    );
  }
}

function checkSecrets(check: Checker, value: unknown): Fields | null {
  const secrets = check.object(value, 'secrets', SECRET_FIELDS);
  if (!secrets) return null;
  // A secret itself in the profile would end up in logs and exports.
  const isName = (one: unknown): boolean =>
    typeof one === 'string' && /^[\w./-]{1,120}$/.test(one) && !/^wh(sec|sk)_/.test(one);
  const write = 'names of secrets in the vault (never a secret itself), e.g. ["ais.signing.1"], or []';
  check.list(secrets['signing'], 'secrets.signing', 0, isName, write);
  check.list(secrets['callback'], 'secrets.callback', 0, isName, write);
  if (secrets['sshKey'] !== null && !isName(secrets['sshKey'])) {
    check.say('secrets.sshKey: write the name of the private key in the vault, or null');
  }
  if (secrets['pgp'] !== undefined && secrets['pgp'] !== null) {
    const pgp = check.object(secrets['pgp'], 'secrets.pgp', ['ours', 'theirs']);
    if (pgp) {
      check.list(
        pgp['ours'],
        'secrets.pgp.ours',
        1,
        isName,
        'names of our private PGP keys in the vault, the one that signs first',
      );
      check.list(
        pgp['theirs'],
        'secrets.pgp.theirs',
        1,
        isName,
        "names of the provider's public PGP keys in the vault",
      );
    }
  }
  return secrets;
}

function checkTransport(check: Checker, profile: Fields, secrets: Fields | null): void {
  const kind = (profile['transport'] as Fields | null | undefined)?.['kind'];
  const mode = profile['acknowledgement'];
  const has = (name: string): boolean => Array.isArray(secrets?.[name]) && secrets[name].length > 0;
  if (kind === 'webhook') {
    const transport = check.object(profile['transport'], 'transport', WEBHOOK_FIELDS)!;
    checkTarget(check, transport['target']);
    checkTimeout(check, transport['timeoutMs'], profile);
    check.yesNo(transport['gzip'], 'transport.gzip');
    if (secrets?.['pgp']) check.say('secrets.pgp: PGP is for files; with a webhook write null');
    if (profile['format'] === 'hdt') check.say('format: a webhook carries "cloudevents" or "tmf641"');
    if (profile['format'] === 'tmf641') checkTmf641(check, profile);
    if (mode === 'files')
      check.say('acknowledgement: "files" needs transport.kind "sftp"; a webhook has "response" or "callback"');
    if (!has('signing'))
      check.say('secrets.signing: a webhook is signed; name at least one secret, e.g. ["ais.signing.1"]');
  } else if (kind === 'sftp') {
    const transport = check.object(profile['transport'], 'transport', SFTP_FIELDS)!;
    check.text(
      transport['host'],
      'transport.host',
      /^[A-Za-z0-9.:-]{1,253}$/,
      'the name or address of the server, without sftp://',
    );
    check.whole(transport['port'], 'transport.port', 1, 65_535, 'the port, usually 22');
    check.text(transport['username'], 'transport.username', /^\S{1,64}$/, 'the account on the server');
    check.text(
      transport['root'],
      'transport.root',
      /^\/?(?!.*(^|\/)\.\.(\/|$))\S{0,255}$/,
      'the folder below which outbound/ and inbound/ are, e.g. "/" or "saphan"',
    );
    check.list(
      transport['hostKeys'],
      'transport.hostKeys',
      1,
      (one) => typeof one === 'string' && /^SHA256:[A-Za-z0-9+/]{43}$/.test(one),
      'at least one fingerprint as ssh-keygen -lf shows it ("SHA256:" and 43 characters), heard from the provider over a second channel',
    );
    if (transport['charset'] !== undefined)
      check.word(transport['charset'], 'transport.charset', ['utf-8', 'windows-874']);
    checkTimeout(check, transport['timeoutMs'], profile);
    check.whole(
      transport['pollMs'],
      'transport.pollMs',
      100,
      3_600_000,
      'how often inbound/ is looked at, in milliseconds',
    );
    if (profile['format'] !== 'hdt') check.say('format: files by sftp are "hdt"');
    if (mode === 'response')
      check.say('acknowledgement: "response" needs transport.kind "webhook"; sftp has "files" or "callback"');
    if (typeof secrets?.['sshKey'] !== 'string')
      check.say('secrets.sshKey: sftp signs in by key; name the private key, e.g. "cat.ssh.1"');
  } else {
    check.say('transport.kind: write "webhook" or "sftp"');
  }
  if (mode === 'callback' && !has('callback')) {
    check.say('secrets.callback: callbacks are verified; name at least one secret, e.g. ["true.callback.1"]');
  }
}

/** TMF641 has events and look-ups, and no way to refuse an order that was sent twice. */
function checkTmf641(check: Checker, profile: Fields): void {
  if (profile['acknowledgement'] !== 'callback')
    check.say('acknowledgement: service orders are acknowledged by events; write "callback"');
  if (profile['canBeAsked'] !== true)
    check.say('canBeAsked: service orders are looked up by externalId before anything is sent again; write true');
}

function checkTarget(check: Checker, target: unknown): void {
  const write = 'transport.target: write the base address, e.g. "https://hub-in.example.co.th/saphan"';
  if (typeof target !== 'string' || !URL.canParse(target)) return check.say(write);
  const url = new URL(target);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') check.say(write);
  if (url.username || url.password) check.say('transport.target: no user or password in the address; they are secrets');
  if (url.search || url.hash) check.say('transport.target: no "?" or "#" in the address; paths are added to it');
}

function checkTimeout(check: Checker, timeoutMs: unknown, profile: Fields): void {
  check.whole(timeoutMs, 'transport.timeoutMs', 50, 300_000, 'the limit of one request in milliseconds');
  const receipt = profile['receiptDeadlineS'];
  if (typeof timeoutMs === 'number' && typeof receipt === 'number' && timeoutMs > receipt * 1000) {
    check.say('transport.timeoutMs: a request may not last longer than receiptDeadlineS; lower it or raise that');
  }
}
