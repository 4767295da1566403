// A profile as people see it: test lines masked, and what differs between two of them, field by field.
import type { ProviderProfile, TestLine } from '#contracts';
import { maskLine } from '../mask.js';

function masked(code: string, { access, line }: TestLine): TestLine {
  return maskLine(access === 'MB' ? `M:${line.replace('+', '')}` : `F:${code}:${line}`);
}

/** The profile with its test lines masked; it holds names of secrets and never a secret. */
export function shownProfile(profile: ProviderProfile): ProviderProfile {
  if (!profile.testLines) return profile;
  return { ...profile, testLines: profile.testLines.map((line) => masked(profile.code, line)) };
}

/** Puts the test lines back that a person edited around: what was shown masked means the line that it was made from. */
export function withKnownTestLines(candidate: unknown, known: ProviderProfile): unknown {
  if (typeof candidate !== 'object' || candidate === null) return candidate;
  const { testLines } = candidate as { testLines?: unknown };
  if (!Array.isArray(testLines) || !known.testLines) return candidate;
  const byMask = new Map(known.testLines.map((line) => [masked(known.code, line).line, line]));
  return {
    ...candidate,
    testLines: testLines.map((one: unknown) => byMask.get(String((one as { line?: unknown } | null)?.line)) ?? one),
  };
}

export interface FieldDifference {
  /** e.g. `transport.timeoutMs` */
  field: string;
  before: unknown;
  after: unknown;
}

/** What differs, sorted by field; lists are compared as a whole. Test lines are told by number only. */
export function diffProfiles(before: ProviderProfile, after: ProviderProfile): FieldDifference[] {
  const [old, fresh] = [flat(before), flat(after)];
  const fields = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return fields
    .filter((field) => JSON.stringify(old.get(field) ?? null) !== JSON.stringify(fresh.get(field) ?? null))
    .map((field) => {
      const told = (value: unknown): unknown => (field === 'testLines' ? countOf(value) : (value ?? null));
      return { field, before: told(old.get(field)), after: told(fresh.get(field)) };
    });
}

function countOf(value: unknown): string {
  return Array.isArray(value) ? `${value.length} lines` : 'none';
}

function flat(value: object, above = ''): Map<string, unknown> {
  const result = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const field = above ? `${above}.${name}` : name;
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      for (const [deeper, inner] of flat(member as object, field)) result.set(deeper, inner);
    } else if (member !== undefined) result.set(field, member);
  }
  return result;
}

/**
 * Whether bytes sealed for one profile may be wrong for the other, or answers to them come another way: then nothing of
 * the old may be open when the new takes over.
 */
export function waysDiffer(before: ProviderProfile, after: ProviderProfile): boolean {
  const way = ({ format, acknowledgement, environment, transport, secrets }: ProviderProfile): string =>
    JSON.stringify([
      format,
      acknowledgement,
      environment,
      transport.kind,
      transport.kind === 'sftp' ? (transport.charset ?? 'utf-8') : null,
      Boolean(secrets.pgp),
    ]);
  return way(before) !== way(after);
}
