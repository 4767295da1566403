// The door of the importers: knows what a file is, bounds it, and gives it to the reader of its format.
import type { DestinationVendor } from '#contracts';
import { readManual } from './manual.js';
import { applyMicrosoftChanges, readMicrosoftEndpoints } from './microsoft.js';
import { readGoogleMeet, readGoogleRanges, readLine, readV2fly, readWebex } from './others.js';
import { isObject, MOST_VALUES, SourceNotUsable, type ReadSource, type SourceFormat } from './source.js';

/** Largest file that is read, in bytes; the largest real one has 60 thousand. */
export const LONGEST_SOURCE_BYTES = 4 * 1024 * 1024;

export interface SourceQuestion {
  /** Absent: told by what is in it. */
  format?: SourceFormat;
  /** For v2fly's lists, which do not say whose names they are. */
  vendor?: DestinationVendor;
  /** For lists that do not name their version. */
  version?: string;
}

/**
 * Reads a vendor's list. Pure; changes are applied to `base`, which the caller looks up.
 * Throws `SourceNotUsable` with what is wrong and what to do.
 */
export function readSource(bytes: Buffer, question: SourceQuestion, base: ReadSource | null): ReadSource {
  const text = textOf(bytes);
  const source = read(text, question, base);
  const values = source.sets.reduce((sum, set) => sum + set.cidrs.length + set.domains.length, 0);
  if (values === 0) throw new SourceNotUsable(['there is no network and no name in this list']);
  if (values > MOST_VALUES)
    throw new SourceNotUsable([`${values} values; no vendor's list has more than ${MOST_VALUES}`]);
  return source;
}

function read(text: string, question: SourceQuestion, base: ReadSource | null): ReadSource {
  const { version, vendor } = question;
  if (question.format === 'manual') return readManual(text, version);
  if (question.format === 'v2fly') {
    if (vendor !== 'line' && vendor !== 'cisco')
      throw new SourceNotUsable(['vendor: v2fly lists are taken for "line" and "cisco"; say which']);
    return readV2fly(text, vendor, version);
  }
  const value = jsonOf(text);
  switch (question.format ?? formatOf(value)) {
    case 'microsoft-endpoints':
      return readMicrosoftEndpoints(value, version);
    case 'microsoft-changes':
      if (!base)
        throw new SourceNotUsable(['changes need the list that they change: import a microsoft-endpoints list first']);
      return applyMicrosoftChanges(base, value);
    case 'google-ranges':
      return readGoogleRanges(value, version);
    case 'google-meet':
      return readGoogleMeet(value, version);
    case 'cisco-webex':
      return readWebex(value, version);
    case 'line':
      return readLine(value, version);
    default:
      throw new SourceNotUsable(['the shape of this file is none that is known; name its format']);
  }
}

/** What a JSON file is, by the members that only that format has; null when it is none. */
export function formatOf(value: unknown): SourceFormat | null {
  if (Array.isArray(value)) {
    const first: unknown = value[0];
    if (!isObject(first)) return null;
    return 'endpointSetId' in first ? 'microsoft-changes' : 'serviceArea' in first ? 'microsoft-endpoints' : null;
  }
  if (!isObject(value)) return null;
  if ('prefixes' in value) return 'google-ranges';
  if ('mediaRanges' in value) return 'google-meet';
  if ('mediaSubnetsV4' in value || 'ipv4_circa2020' in value) return 'cisco-webex';
  return 'domainSuffixes' in value ? 'line' : null;
}

function textOf(bytes: Buffer): string {
  if (bytes.length === 0) throw new SourceNotUsable(['the file is empty']);
  if (bytes.length > LONGEST_SOURCE_BYTES)
    throw new SourceNotUsable([`the file has ${bytes.length} bytes, at most ${LONGEST_SOURCE_BYTES} are read`]);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new SourceNotUsable(['the file is compressed; unpack it first']);
  const text = new TextDecoder('utf-8', { fatal: false }).decode(bytes);
  if (text.includes('\ufffd') || text.includes('\0')) throw new SourceNotUsable(['the file is no UTF-8 text']);
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    throw new SourceNotUsable(['this is a web page (perhaps of a proxy or a sign-in), not the list']);
  return text;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const whole = /[\]}]\s*$/.test(text);
    throw new SourceNotUsable([whole ? 'the file is no JSON' : 'the file is no whole JSON; it ends too early']);
  }
}
