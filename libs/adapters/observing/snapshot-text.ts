// The two forms of a snapshot that is one stream of lines: NDJSON, and the files' H/D/T (docs/providers/snapshots.md).
import type { Access, SnapshotHead, SnapshotLine } from '#contracts';
import { HUB } from '../formats/hdt.js';
import { isObject, troubleWithInstant } from '../formats/reading.js';
import { SnapshotNotUsable } from './line-checks.js';

/** Reads one form line by line; every method throws `SnapshotNotUsable`. */
export interface SnapshotText {
  head(line: string): SnapshotHead;
  /** `n`: its position, from 1. */
  row(line: string, n: number): SnapshotLine;
  trailer(line: string): { count: number; sha256: string };
}

const CUT = 'is it cut off?';

function whole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function parsed(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new SnapshotNotUsable(`${where} is no JSON; ${CUT}`);
  }
  if (!isObject(value)) throw new SnapshotNotUsable(`${where} is no JSON object`);
  return value;
}

export const ndjson: SnapshotText = {
  head(line) {
    const head = parsed(line, 'its first line');
    if (!/^1\.\d{1,3}$/.test(String(head['snapshot'])))
      throw new SnapshotNotUsable('its first line is no header: "snapshot" is not "1.0"');
    const { provider, batch, appliedSeq, count, takenAt, request = null } = head;
    if (typeof provider !== 'string') throw new SnapshotNotUsable('its header has no "provider"');
    if (!whole(batch) || !whole(appliedSeq) || !whole(count))
      throw new SnapshotNotUsable('"batch", "appliedSeq" and "count" in its header must be whole numbers from 0');
    const trouble = troubleWithInstant(takenAt);
    if (trouble) throw new SnapshotNotUsable(`"takenAt" in its header ${trouble}`);
    if (request !== null && typeof request !== 'string')
      throw new SnapshotNotUsable('"request" in its header is no text');
    return { provider, batch, appliedSeq, count, takenAt: new Date(String(takenAt)), request };
  },

  row(line, n) {
    const row = parsed(line, `line ${n}`);
    const { ref, access, line: key, package: name, from, to = null } = row;
    if ('end' in row) throw new SnapshotNotUsable(`a trailer stands at line ${n}, and lines follow it`);
    if (
      typeof ref !== 'string' ||
      typeof key !== 'string' ||
      typeof name !== 'string' ||
      typeof from !== 'string' ||
      (to !== null && typeof to !== 'string')
    )
      throw new SnapshotNotUsable(
        `line ${n} has not "ref", "access", "line", "package", "from", "to" as texts${typeof key === 'number' ? '; a number stands as a number, and loses its zeros' : ''}`,
      );
    return { ref, access: access as Access, line: key, package: name, from, to };
  },

  trailer(line) {
    const { end, sha256 } = parsed(line, 'its last line');
    if (!whole(end) || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
      throw new SnapshotNotUsable(`its last line is no trailer with "end" and "sha256"; ${CUT}`);
    return { count: end, sha256 };
  },
};

const TRAILER = /^T\|(\d{1,9})\|sha256=([0-9a-f]{64})$/;

/** @param number the number in the file's name; null: not looked at */
export function hdtSnapshot(number: number | null): SnapshotText {
  return {
    head(line) {
      const [mark, feed, version, kind, provider, to, own, time, ...members] = line.split('|');
      if (mark !== 'H' || feed !== 'WAH' || !/^1\.\d{1,3}$/.test(version ?? '') || kind !== 'SNP' || to !== HUB)
        throw new SnapshotNotUsable(`its first line does not begin with H|WAH|1.0|SNP|<provider>|${HUB}|`);
      if (number !== null && Number(own) !== number)
        throw new SnapshotNotUsable("its header carries another number than the file's name: was it renamed?");
      const trouble = troubleWithInstant(time);
      if (trouble) throw new SnapshotNotUsable(`field 8 of its header ${trouble}`);
      const named = new Map(
        members.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)] as const),
      );
      const count = (name: string): number => {
        const text = named.get(name) ?? '';
        if (!/^\d{1,15}$/.test(text)) throw new SnapshotNotUsable(`${name}= in its header is no whole number from 0`);
        return Number(text);
      };
      return {
        provider: provider ?? '',
        batch: count('batch'),
        appliedSeq: count('seq'),
        count: count('count'),
        takenAt: new Date(String(time)),
        request: named.get('request') || null,
      };
    },

    row(line, n) {
      const fields = line.split('|');
      if (fields[0] === 'T') throw new SnapshotNotUsable(`a trailer stands at line ${n}, and lines follow it`);
      if (fields.length !== 8 || fields[0] !== 'D')
        throw new SnapshotNotUsable(`line ${n} is not D and seven fields; ${CUT}`);
      const [, position, ref = '', access, key = '', name = '', from = '', to = ''] = fields;
      if (Number(position) !== n)
        throw new SnapshotNotUsable(`line ${n} says that it is another one: a line is missing`);
      return { ref, access: access as Access, line: key, package: name, from, to: to === '' ? null : to };
    },

    trailer(line) {
      const found = TRAILER.exec(line);
      if (!found)
        throw new SnapshotNotUsable(`its last line is not T|<count>|sha256=<64 lower-case hexadecimal digits>; ${CUT}`);
      return { count: Number(found[1]), sha256: found[2]! };
    },
  };
}
