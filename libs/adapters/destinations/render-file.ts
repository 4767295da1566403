// A version of the destination list as an H/D/T file (docs/providers/destinations.md, "File"), and its receipt. Pure.
import { createHash } from 'node:crypto';
import { destinationKey, type Destination, type DestinationVersion, type ProviderProfile } from '#contracts';
import { CONTRACT_VERSION } from '../formats/format.js';
import { dayInBangkok, sixDigits } from '../formats/file-names.js';
import { HUB, secondsUtc } from '../formats/hdt.js';
import { AnswerNotUsable } from '../formats/reading.js';

type Named = Pick<ProviderProfile, 'code' | 'environment'>;

function nameOf(profile: Named, kind: 'DST' | 'DAK', version: DestinationVersion, number: number): string {
  const prefix = profile.environment === 'test' ? 'TWAH' : 'WAH';
  const [from, to] = kind === 'DST' ? [HUB, profile.code] : [profile.code, HUB];
  return `${prefix}_${kind}_${from}_${to}_${dayInBangkok(version.publishedAt)}_${sixDigits(number)}.csv`;
}

/** Lists have a numbering of their own, so their receipts are `DAK` and never taken for those of batches. */
export function destinationsFileName(profile: Named, version: DestinationVersion, number: number): string {
  return nameOf(profile, 'DST', version, number);
}

export function destinationsReceiptName(profile: Named, version: DestinationVersion, number: number): string {
  return nameOf(profile, 'DAK', version, number);
}

/** Every destination is a row a protocol: `KEEP` and `ADD` are the list, `REMOVE` only says what is gone. */
export function renderDestinationsFile(profile: Named, version: DestinationVersion, number: number): Buffer {
  const added = new Set(version.added.map(destinationKey));
  const rows = [
    ...version.entries.flatMap((one) => rowsOf(one, added.has(destinationKey(one)) ? 'ADD' : 'KEEP')),
    ...version.removed.map((one) => `REMOVE|${one.app}|${one.kind.toUpperCase()}|${one.value}||`),
  ];
  const head =
    `H|WAH|${CONTRACT_VERSION}|DST|${HUB}|${profile.code}|${sixDigits(number)}|${secondsUtc(version.publishedAt)}` +
    `|version=${version.version}|since=${version.since ?? ''}|effective=${secondsUtc(version.effectiveAt)}|list=${version.sha256}\n`;
  const body = head + rows.map((row, i) => `D|${i + 1}|${row}\n`).join('');
  const count = (mark: string): number => rows.filter((row) => row.startsWith(`${mark}|`)).length;
  // Names are ASCII, so these bytes are the same in UTF-8 and Windows-874.
  const sha256 = createHash('sha256').update(body).digest('hex');
  return Buffer.from(
    `${body}T|${rows.length}|KEEP=${count('KEEP')}|ADD=${count('ADD')}|REMOVE=${count('REMOVE')}|sha256=${sha256}\n`,
  );
}

function rowsOf(one: Destination, mark: 'ADD' | 'KEEP'): string[] {
  return one.flows.map(
    ({ proto, ports }) =>
      `${mark}|${one.app}|${one.kind.toUpperCase()}|${one.value}|${proto.toUpperCase()}|${ports.join(',')}`,
  );
}

export type DestinationsReceipt =
  { word: 'accepted'; enforcedSince: Date | null } | { word: 'refused'; code: string; detail: string };

/**
 * Reads `A|DST|000002|ACCEPTED|<rows>|<sha256 of the file>|<since>` or `A|DST|000002|REJECTED|E103|<words>`.
 * Throws `AnswerNotUsable`.
 */
export function readDestinationsReceipt(bytes: Buffer, number: number, fileSha256: string): DestinationsReceipt {
  const [mark, kind, given, word, ...rest] = bytes
    .toString('latin1')
    .replace(/\r?\n$/, '')
    .split('|');
  if (mark !== 'A' || kind !== 'DST') throw new AnswerNotUsable(['a receipt begins with A|DST']);
  if (given !== sixDigits(number)) throw new AnswerNotUsable(['the number inside is not the one in the name']);
  if (word === 'REJECTED') return { word: 'refused', code: rest[0] ?? '', detail: rest[1] ?? '' };
  if (word !== 'ACCEPTED' && word !== 'COPY')
    throw new AnswerNotUsable(['the word must be ACCEPTED, COPY or REJECTED']);
  if (rest[1] !== fileSha256) throw new AnswerNotUsable(['the SHA-256 is not that of the file that was sent']);
  const since = rest[2] === undefined || rest[2] === '' ? null : new Date(rest[2]);
  if (since !== null && Number.isNaN(since.getTime()))
    throw new AnswerNotUsable(['the time since when it is enforced is no time of RFC 3339']);
  return { word: 'accepted', enforcedSince: since };
}
