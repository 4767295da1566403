// A receiver of files (CAT's and TOT's style): reads outbound/, writes receipts and outcomes into inbound/. Plain Node, no
// packages. It works in the folder that your SFTP server shows to the hub: ROOT=/srv/saphan node cat.mjs
// TOT's style needs gpg: PROVIDER=TOT CHARSET=windows-874 PGP_HOME=~/.gnupg PGP_OWN=<fingerprint> PGP_HUB=<fingerprint>
// (two of the hub's, with a space between, while it changes over).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { PROVIDER = 'CAT', ROOT = '.', ENVIRONMENT = 'test' } = process.env;
const STORE = process.env.STORE ?? `${PROVIDER}.journal`; // one for each environment: test and live never share it
const LOOK_MS = Number(process.env.LOOK_MS ?? 1_000);
const { CHARSET = 'utf-8', PGP_HOME, PGP_OWN, PGP_HUB = '' } = process.env;
const SUFFIX = PGP_HOME === undefined ? '' : '.pgp';
const LONGEST = 64 * 1024 * 1024; // of a file, once it was opened
const [OUTBOUND, INBOUND] = ['outbound', 'inbound'].map((name) => join(ROOT, name));
const NAME = new RegExp(
  `^${ENVIRONMENT === 'test' ? 'T' : ''}WAH_(SUB|FUL)_ONDE_${PROVIDER}_(\\d{8})_(\\d{6,9})(?:-(\\d+))?\\.csv$`,
);

const held = new Map(); // ref -> { seq, terms }; terms null: removed. The seq stays, so that an older change never wins.
const batches = new Map(); // number -> { hashes, parts, files }; what was taken, for ever

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const now = () => `${new Date().toISOString().slice(0, 19)}Z`;

class Refusal extends Error {
  constructor(code, detail) {
    super(detail);
    this.code = code;
  }
}

function gpg(input, ...args) {
  const options = [
    '--homedir',
    PGP_HOME,
    '--batch',
    '--no-tty',
    '--trust-model',
    'always',
    '--status-fd',
    '2',
    ...args,
  ];
  const { status, stdout, stderr } = spawnSync('gpg', options, { input, maxBuffer: LONGEST });
  if (status !== 0) throw new Refusal('E108', 'gpg cannot open it, or close an answer; were keys changed?');
  return { bytes: stdout, said: stderr.toString() };
}

// What is inside counts only when it was signed by the hub, under the name that it has.
function open(file, bytes) {
  if (SUFFIX === '') return bytes;
  const opened = gpg(bytes, '--decrypt');
  const [, signer] = /VALIDSIG .* (\w+)$/m.exec(opened.said) ?? [];
  if (!signer || !PGP_HUB.split(' ').includes(signer)) throw new Refusal('E108', 'it is not signed by the hub');
  if (!opened.said.includes(` ${file}\n`)) throw new Refusal('E108', 'the name inside is another');
  return opened.bytes;
}

function close(file, bytes) {
  if (SUFFIX === '') return bytes;
  const recipients = PGP_HUB.split(' ').flatMap((one) => ['--recipient', one]);
  return gpg(bytes, '--set-filename', file, '--sign', '--local-user', PGP_OWN, '--encrypt', ...recipients).bytes;
}

// Everything is checked before anything is applied.
function read(bytes, kind, number) {
  const text = new TextDecoder(CHARSET).decode(bytes);
  const rows = text.split('\n');
  if (rows.pop() !== '' || rows.length < 2) throw new Refusal('E101', 'the file does not end with a whole line');
  const [H, , version, headKind, , to, headNumber, , , toSeq, parts] = rows[0].split('|');
  const [T, count, , , hash] = rows.at(-1).split('|');
  if (H !== 'H' || T !== 'T') throw new Refusal('E101', 'the header or the trailer is not there');
  if (to !== PROVIDER || !/^1\.\d+$/.test(version)) throw new Refusal('E105', `this is ${PROVIDER}, contract 1.x`);
  if (headKind !== kind || headNumber !== number) throw new Refusal('E102', 'the name says another kind or number');
  if (Number(count) !== rows.length - 2) throw new Refusal('E103', `trailer count ${count}, read ${rows.length - 2}`);
  // Over the bytes as they stand in the file, whatever its charset.
  if (hash !== `sha256=${sha256(bytes.subarray(0, bytes.lastIndexOf('\nT|') + 1))}`)
    throw new Refusal('E104', 'hash differs');
  const lines = rows.slice(1, -1).map((row) => {
    const [D, n, op, ref, seq, access, line, name, from, until, ...more] = row.split('|');
    if (D !== 'D' || until === undefined || more.length > 0) throw new Refusal('E106', 'a row has other fields');
    return {
      n: Number(n),
      op,
      ref,
      seq: Number(seq),
      terms: op === 'ADD' ? [access, line, name, from, until].join('|') : null,
    };
  });
  if (lines.some(({ n }, i) => n !== lines[0].n + i)) throw new Refusal('E106', 'the positions have a hole');
  return { lines, toSeq: Number(toSeq.slice('to='.length)), parts: Number(parts.split('/')[1]) };
}

// Your own systems go here: a code of docs/result-codes.md, or null when the line may be put on the list.
function refusalOf({ terms }) {
  return /^(?:MB\|\+66\d{8,9}|FB\|\d+)\|/.test(terms) ? null : 'INVALID_FORMAT';
}

// What becomes of each line; what may be put goes into `list`.
function judge(lines, list) {
  const rows = [];
  for (const { n, op, ref, seq, terms } of lines) {
    const before = held.get(ref);
    const code = op === 'ADD' ? refusalOf({ terms }) : null;
    const stale = before !== undefined && seq < before.seq;
    if (code) rows.push(`R|${n}|${ref}|REJECTED|${code}|${now()}`);
    else if (stale || (before?.terms ?? null) === terms) rows.push(`R|${n}|${ref}|ALREADY||${now()}`);
    if (!code && !stale) list.set(ref, { seq, terms });
    else if (before) list.set(ref, before);
  }
  return rows;
}

// Takes one file; returns its receipt, and the outcomes as rows by first and last position.
function take(bytes, kind, number, part) {
  const batch = batches.get(number) ?? { hashes: [], results: [], list: new Map() };
  const known = batch.hashes[part];
  if (known !== undefined && known !== sha256(bytes))
    throw new Refusal('E109', 'this number is known with other bytes');
  const { lines, toSeq, parts } = read(bytes, kind, number);
  if (known !== undefined) {
    // Told again with its outcomes: the first answer may have been lost.
    const results = batch.whole ? batch.results : [];
    return { receipt: `A|${kind}|${number}|COPY|${lines.length}|${known}`, results };
  }
  batches.set(number, batch);
  batch.hashes[part] = sha256(bytes);
  const rows = judge(lines, kind === 'FUL' ? batch.list : held);
  if (lines.length > 0) batch.results.push({ part, rows, first: lines[0].n, last: lines.at(-1).n });
  batch.whole = Object.keys(batch.hashes).length === parts;
  if (batch.whole && kind === 'FUL') {
    // A full list is everything as of toSeq: what it does not name goes, unless that is newer.
    for (const [ref, { seq }] of held)
      if (!batch.list.has(ref) && seq <= toSeq) held.set(ref, { seq: toSeq, terms: null });
    for (const [ref, one] of batch.list) held.set(ref, one);
  }
  const results = batch.whole ? batch.results : [];
  return { receipt: `A|${kind}|${number}|ACCEPTED|${lines.length}|${batch.hashes[part]}`, results };
}

// Temporary name, rename, and the manifest last: nobody reads half a file. Answers are ASCII, the same in every charset.
function write(plainName, text, number, part = 1, parts = 1) {
  const put = (file, content) => {
    writeFileSync(join(INBOUND, `${file}.part`), content);
    renameSync(join(INBOUND, `${file}.part`), join(INBOUND, file));
  };
  const name = plainName + SUFFIX;
  const bytes = close(plainName, Buffer.from(text));
  put(name, bytes);
  const manifest = { name, size: bytes.length, sha256: sha256(bytes), batch: Number(number), part, parts };
  put(`${name}.manifest.json`, `${JSON.stringify(manifest)}\n`);
}

function answer(file, closed) {
  const [, kind, day, number, part] = NAME.exec(file);
  const at = Number(part ?? 1);
  const name = (what, k) =>
    `${file.split('_')[0]}_${what}_${PROVIDER}_ONDE_${day}_${number}${k === undefined ? '' : `-${k}`}.csv`;
  try {
    const bytes = open(file, closed);
    const { receipt, results } = take(bytes, kind, number, at);
    if (receipt.includes('|ACCEPTED|'))
      appendFileSync(STORE, `${JSON.stringify({ file, bytes: bytes.toString('base64') })}\n`);
    const parts = Number(/\|parts=\d+\/(\d+)/.exec(bytes.toString('latin1'))?.[1] ?? 1);
    write(name('ACK', part), `${receipt}\n`, number, at, parts);
    for (const { part: k, rows, first, last } of results) {
      const head = `H|WAH|1.0|RES|${PROVIDER}|ONDE|${number}|${now()}|default=APPLIED|first=${first}|last=${last}`;
      const text = `${[head, ...rows].join('\n')}\n`;
      write(name('RES', k), `${text}T|${rows.length}|sha256=${sha256(text)}\n`, number);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    write(name('ACK', part), `A|${kind}|${number}|REJECTED|${error.code}|${error.message}\n`, number, at, 1);
  }
}

// A file is read when its manifest is there and agrees, and is set apart afterwards.
function look() {
  for (const manifestName of readdirSync(OUTBOUND)
    .filter((name) => name.endsWith(`.csv${SUFFIX}.manifest.json`))
    .sort()) {
    const name = manifestName.slice(0, -'.manifest.json'.length);
    const file = name.slice(0, name.length - SUFFIX.length); // as it is called inside
    if (!NAME.test(file) || !existsSync(join(OUTBOUND, name))) continue;
    const bytes = readFileSync(join(OUTBOUND, name));
    const manifest = JSON.parse(readFileSync(join(OUTBOUND, manifestName), 'utf8'));
    if (manifest.size !== bytes.length || manifest.sha256 !== sha256(bytes)) continue; // still on its way
    answer(file, bytes);
    for (const one of [name, manifestName]) renameSync(join(OUTBOUND, one), join(ROOT, 'done', one));
  }
  setTimeout(look, LOOK_MS);
}

for (const folder of [OUTBOUND, INBOUND, join(ROOT, 'done')]) mkdirSync(folder, { recursive: true });
const before = existsSync(STORE) ? readFileSync(STORE, 'utf8').split('\n').filter(Boolean) : [];
for (const { file, bytes } of before.map((row) => JSON.parse(row))) {
  const [, kind, , number, part] = NAME.exec(file);
  take(Buffer.from(bytes, 'base64'), kind, number, Number(part ?? 1));
}
look();
console.log(`${PROVIDER} receives at ${OUTBOUND}`);
