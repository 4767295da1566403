// What the documents of file styles show: each file is what the hub writes, or what it reads as the page says.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import iconv from 'iconv-lite';
import { referenceProfile, validateProfile, withEndpoint } from '#adapters';
import type { BatchHeader, BatchLine, ProviderProfile } from '#contracts';
import { batchFileName, manifestName, parseFileName } from '../../libs/adapters/formats/file-names.js';
import { readOutcomesFile, readReceiptFile } from '../../libs/adapters/formats/hdt-answers.js';
import { hdtIn } from '../../libs/adapters/formats/hdt.js';
import { readManifest, renderManifest } from '../../libs/adapters/formats/manifest.js';
import type { Examples } from './webhook-examples.js';

const SEALED = new Date('2020-03-18T17:05:10Z');
const ref = (i: number): string => `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`;
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const FINGERPRINT = 'SHA256:J3bV1wXvTqNjc7rYQ0Rk9c0nXfU2m6yQpJm5Zr1h0aE';

/** The lines that every page shows; the package in Thai is where text comes from outside. */
export function shownLines(thai: boolean): BatchLine[] {
  const base = { access: 'MB', op: 'ADD', from: '2020-03-19', to: '2020-06-30' } as const;
  return [
    { ...base, n: 1, ref: ref(1), seq: 40_001, line: '+66200000001', package: thai ? 'เน็ตฟรี' : 'WAH-MB' },
    {
      n: 2,
      op: 'REMOVE',
      ref: ref(2),
      seq: 40_002,
      access: 'FB',
      line: '9000000001',
      package: null,
      from: null,
      to: null,
    },
    { ...base, n: 3, ref: ref(3), seq: 40_003, access: 'FB', line: '9000000002', package: 'WAH-FB', to: null },
  ];
}

/** The document as it is shown, and how it is checked. */
export interface ShownFiles {
  profile: ProviderProfile;
  /** Files by the name of their example, as text. */
  written: Record<string, string>;
  sha256: string;
}

export function shownFiles(code: 'CAT' | 'TOT'): ShownFiles {
  const base = referenceProfile(code)!;
  const profile = withEndpoint(base, { host: `files.${code.toLowerCase()}.example`, hostKeys: [FINGERPRINT] });
  const charset = charsetOf(profile);
  const id = code.toLowerCase();
  const header = (over: Partial<BatchHeader>): BatchHeader => ({
    provider: code,
    number: 42,
    kind: 'delta',
    fromSeq: 40_001,
    toSeq: 40_003,
    part: 1,
    parts: 1,
    count: 3,
    sealedAt: SEALED,
    ...over,
  });
  const lines = shownLines(code === 'TOT');
  const sub = hdtIn(charset).render(header({}), lines);
  const present = [lines[0]!, lines[2]!].map((line, i) => ({ ...line, n: 3 + i }));
  const full = hdtIn(charset).render(
    header({ number: 43, kind: 'full', fromSeq: 40_004, part: 2, parts: 3, count: 2 }),
    present,
  );
  const empty = hdtIn(charset).render(header({ number: 44, fromSeq: 40_004, count: 0 }), []);
  const suffix = profile.secrets.pgp ? '.pgp' : '';
  const name = (kind: 'delta' | 'full', number: number, part: number, parts: number): string =>
    batchFileName(profile, { number, kind, sealedAt: SEALED }, { part, parts }) + suffix;
  const names = [
    name('delta', 42, 1, 1),
    manifestName(name('delta', 42, 1, 1)),
    name('full', 43, 2, 3),
    name('delta', 44, 1, 1),
  ];
  const hash = sha256(sub);
  // The hash of a closed file is another each time; the page shows an invented one.
  const closed = { size: 1_187, sha256: 'c'.repeat(64), contentSha256: hash };
  const manifest = renderManifest({
    name: names[0]!,
    ...(suffix ? closed : { size: sub.length, sha256: hash }),
    batch: 42,
    part: 1,
    parts: 1,
  });
  const text = (bytes: Buffer): string => iconv.decode(bytes, charset);
  return {
    profile,
    sha256: hash,
    written: {
      [`${id}-sub`]: text(sub),
      [`${id}-sub-manifest`]: manifest.toString(),
      [`${id}-full-part`]: text(full),
      [`${id}-empty`]: text(empty),
      [`${id}-names`]: `${names.join('\n')}\n`,
      [`${id}-profile`]: `${JSON.stringify(profile, null, 1)}\n`,
    },
  };
}

/** The examples of one provider that exchanges files. */
export function fileExamples(code: 'CAT' | 'TOT'): Examples {
  const { profile, written, sha256: hash } = shownFiles(code);
  const id = code.toLowerCase();
  const expected = {
    provider: code,
    number: 42,
    charset: charsetOf(profile),
    day: '20200319',
    now: new Date('2020-03-19T03:00:00Z'),
  };
  const bytes = (text: string): Buffer => iconv.encode(whole(text), expected.charset);
  const receipt = (word: string) => (text: string) => assert.equal(readReceiptFile(bytes(text), expected).word, word);
  return {
    ...Object.fromEntries(
      Object.entries(written).map(([name, content]) => [name, (text: string) => assert.equal(whole(text), content)]),
    ),
    [`${id}-profile`]: (text) => {
      validateProfile(JSON.parse(text));
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(profile)));
    },
    [`${id}-ack`]: (text) => {
      const read = readReceiptFile(bytes(text), expected);
      assert.deepEqual(read, { word: 'accepted', lines: 3, sha256: hash });
    },
    [`${id}-ack-copy`]: receipt('copy'),
    [`${id}-ack-rejected`]: receipt('rejected'),
    [`${id}-res`]: (text) => {
      assert.deepEqual(readOutcomesFile(bytes(text), expected), {
        default: 'applied',
        first: 1,
        last: 3,
        except: [
          { n: 2, ref: ref(2), outcome: 'already' },
          { n: 3, ref: ref(3), outcome: 'rejected', code: 'PORTED_OUT' },
        ],
      });
    },
    [`${id}-res-manifest`]: (text) => {
      const { name } = JSON.parse(text) as { name: string };
      const parsed = parseFileName(name.replace(/\.pgp$/, ''));
      assert.deepEqual(
        [parsed?.kind, parsed?.from, parsed?.to, parsed?.number, parsed?.k],
        ['RES', code, 'ONDE', 42, 1],
      );
      assert.equal(readManifest(Buffer.from(text), name).batch, 42);
    },
  };
}

function charsetOf({ transport }: ProviderProfile): 'utf-8' | 'windows-874' {
  return (transport.kind === 'sftp' && transport.charset) || 'utf-8';
}

/** A block without its last line end is a file with it. */
export function whole(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
