// Checks how a provider is reached, and that format and acknowledgement go with it.
import { isSecretName, type Checker, type Fields } from './checker.js';

const WEBHOOK_FIELDS = ['kind', 'target', 'timeoutMs', 'gzip', 'authentication', 'mutualTls'];
const SFTP_FIELDS = ['kind', 'host', 'port', 'username', 'root', 'hostKeys', 'timeoutMs', 'pollMs', 'charset'];

/** Says what is wrong with `transport`, and where format, acknowledgement or secrets do not go with it. */
export function checkTransport(check: Checker, profile: Fields, secrets: Fields | null): void {
  const kind = (profile['transport'] as Fields | null | undefined)?.['kind'];
  const mode = profile['acknowledgement'];
  const has = (name: string): boolean => Array.isArray(secrets?.[name]) && secrets[name].length > 0;
  if (kind === 'webhook') {
    const transport = check.object(profile['transport'], 'transport', WEBHOOK_FIELDS)!;
    checkTarget(check, transport['target']);
    checkTimeout(check, transport['timeoutMs'], profile);
    check.yesNo(transport['gzip'], 'transport.gzip');
    checkAuthentication(check, transport['authentication']);
    checkMutualTls(check, transport['mutualTls'], transport['target']);
    if (secrets?.['pgp']) check.say('secrets.pgp: PGP is for files; with a webhook write null');
    if (profile['format'] === 'hdt')
      check.say('format: a webhook carries "cloudevents", "tmf641" or "thin"; write one of them');
    if (profile['format'] === 'tmf641') checkTmf641(check, profile);
    checkPull(check, profile);
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
    if (profile['format'] !== 'hdt') check.say('format: files by sftp are "hdt"; write that');
    if (mode === 'response')
      check.say('acknowledgement: "response" needs transport.kind "webhook"; sftp has "files" or "callback"');
    if (mode === 'pull')
      check.say(
        'acknowledgement: "pull" needs transport.kind "webhook" and format "thin"; sftp has "files" or "callback"',
      );
    if (typeof secrets?.['sshKey'] !== 'string')
      check.say('secrets.sshKey: sftp signs in by key; name the private key, e.g. "cat.ssh.1"');
  } else {
    check.say('transport.kind: write "webhook" or "sftp"');
  }
  if ((mode === 'callback' || mode === 'pull') && !has('callback')) {
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

/** A provider that is only told and one that pulls are the same; the feed holds nothing but pages. */
function checkPull(check: Checker, profile: Fields): void {
  if (profile['format'] === 'thin' && profile['acknowledgement'] !== 'pull')
    check.say(
      'acknowledgement: with format "thin" the provider is only told, and fetches the lines itself; write "pull"',
    );
  if (profile['acknowledgement'] === 'pull' && profile['format'] !== 'thin')
    check.say('format: a provider that pulls is told by a "thin" event; write "thin"');
  if (profile['acknowledgement'] === 'pull' && profile['canBeAsked'] === true)
    check.say('canBeAsked: a provider that pulls is not asked, its cursor says what it has; write false');
}

function checkTarget(check: Checker, target: unknown): void {
  const path = 'transport.target';
  checkAddress(check, target, path, 'the base address, e.g. "https://hub-in.example.co.th/saphan"');
  if (typeof target === 'string' && URL.canParse(target) && new URL(target).search)
    check.say(`${path}: no "?" in the address; paths are added to it`);
}

function checkTimeout(check: Checker, timeoutMs: unknown, profile: Fields): void {
  check.whole(timeoutMs, 'transport.timeoutMs', 50, 300_000, 'the limit of one request in milliseconds');
  const receipt = profile['receiptDeadlineS'];
  if (typeof timeoutMs === 'number' && typeof receipt === 'number' && timeoutMs > receipt * 1000) {
    check.say('transport.timeoutMs: a request may not last longer than receiptDeadlineS; lower it or raise that');
  }
}

const AUTHENTICATION_FIELDS = ['kind', 'header', 'secret', 'tokenUrl', 'clientId', 'scope'];
/** Names that a request has anyhow, or that say where it goes. */
const TAKEN_HEADER =
  /^(?:webhook-.*|content-.*|host|accept|user-agent|connection|transfer-encoding|expect|cookie|proxy-.*)$/i;

/** What proves who sends, beside the signature. */
function checkAuthentication(check: Checker, value: unknown): void {
  if (value === undefined || value === null) return;
  const path = 'transport.authentication';
  const authentication = check.object(value, path, AUTHENTICATION_FIELDS);
  if (!authentication) return;
  const { kind, header, secret, tokenUrl, clientId, scope } = authentication;
  check.word(kind, `${path}.kind`, ['apiKey', 'oauth2']);
  if (!isSecretName(secret))
    check.say(
      `${path}.secret: write the name of the secret in the vault (never the secret itself), e.g. "nt.${kind === 'oauth2' ? 'oauth2' : 'apiKey'}.1"`,
    );
  if (kind === 'apiKey') {
    check.text(
      header,
      `${path}.header`,
      /^[A-Za-z0-9-]{1,64}$/,
      'the name of the header that carries the key, e.g. "X-Api-Key"',
    );
    if (typeof header === 'string' && TAKEN_HEADER.test(header))
      check.say(`${path}.header: this header has a meaning of its own; write another one, e.g. "X-Api-Key"`);
    for (const name of ['tokenUrl', 'clientId', 'scope'])
      if (name in authentication) check.say(`${path}.${name}: an API key has none; leave it out`);
  }
  if (kind === 'oauth2') {
    checkAddress(
      check,
      tokenUrl,
      `${path}.tokenUrl`,
      'the address of the token endpoint, e.g. "https://login.example.co.th/token"',
    );
    check.text(clientId, `${path}.clientId`, /^[\x21-\x7e]{1,200}$/, 'the client id that the provider gave');
    if (scope !== null)
      check.text(scope, `${path}.scope`, /^[\x21\x23-\x5b\x5d-\x7e ]{1,500}$/, 'the scope to ask for, or null');
    if ('header' in authentication) check.say(`${path}.header: a token stands in Authorization; leave it out`);
  }
}

function checkMutualTls(check: Checker, value: unknown, target: unknown): void {
  if (value === undefined || value === null) return;
  const path = 'transport.mutualTls';
  const names = check.object(value, path, ['certificate', 'key', 'authority']);
  if (!names) return;
  for (const [name, what] of [
    ['certificate', 'our certificate'],
    ['key', 'its private key'],
  ] as const) {
    if (!isSecretName(names[name]))
      check.say(`${path}.${name}: write the name of ${what} in the vault, e.g. "nt.tls.1"`);
  }
  if (names['authority'] !== null && !isSecretName(names['authority']))
    check.say(
      `${path}.authority: write the name of the provider's certificate authority in the vault, or null for the public ones`,
    );
  if (typeof target === 'string' && target.startsWith('http:')) check.say('transport.target: mutual TLS needs https');
}

function checkAddress(check: Checker, value: unknown, path: string, what: string): void {
  const write = `${path}: write ${what}`;
  if (typeof value !== 'string' || !URL.canParse(value)) return check.say(write);
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') check.say(write);
  if (url.username || url.password) check.say(`${path}: no user or password in the address; they are secrets`);
  if (url.hash) check.say(`${path}: no "#" in the address`);
}
