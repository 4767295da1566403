// Names of feed files: `WAH_<KIND>_<FROM>_<TO>_<YYYYMMDD>_<SEQ6>[-<k>].csv` (docs/providers/contract.md, "Files").
import type { BatchKind, ProviderCode, ProviderProfile } from '#contracts';

export type FileKind = 'SUB' | 'FUL' | 'DST' | 'ACK' | 'RES';

export interface FileName {
  environment: ProviderProfile['environment'];
  kind: FileKind;
  from: string;
  to: string;
  /** `YYYYMMDD`, the day in Bangkok on which the batch was sealed. */
  day: string;
  number: number;
  /** Several files for one batch are told apart by this, from 1; null for a single one. */
  k: number | null;
}

const PATTERN =
  /^(T?)WAH_(SUB|FUL|DST|ACK|RES)_([A-Z0-9]{2,12})_([A-Z0-9]{2,12})_(\d{8})_(\d{6,9})(?:-([1-9]\d{0,8}))?\.csv$/;

/** A batch number in files: at least six digits. */
export function sixDigits(number: number): string {
  return String(number).padStart(6, '0');
}

/** The file's name in parts, or null when it is none of ours (a trick path never matches). */
export function parseFileName(name: string): FileName | null {
  const found = PATTERN.exec(name);
  if (!found) return null;
  const [, test, kind, from, to, day, number, k] = found;
  if (Number(number) < 1 || sixDigits(Number(number)) !== number) return null;
  return {
    environment: test ? 'test' : 'live',
    kind: kind as FileKind,
    from: from!,
    to: to!,
    day: day!,
    number: Number(number),
    k: k === undefined ? null : Number(k),
  };
}

export function formatFileName(name: FileName): string {
  const prefix = name.environment === 'test' ? 'TWAH' : 'WAH';
  const k = name.k === null ? '' : `-${name.k}`;
  return `${prefix}_${name.kind}_${name.from}_${name.to}_${name.day}_${sixDigits(name.number)}${k}.csv`;
}

/** Bangkok is UTC+7 all year round, since 1920. */
const BANGKOK_MS = 7 * 3_600_000;

export function dayInBangkok(at: Date): string {
  return new Date(at.getTime() + BANGKOK_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The name under which a part of a batch travels; parts of a full list are `-1`, `-2`, …, a single part has no such end. */
export function batchFileName(
  profile: { code: ProviderCode; environment: ProviderProfile['environment'] },
  batch: { number: number; kind: BatchKind; sealedAt: Date },
  part: { part: number; parts: number },
): string {
  return formatFileName({
    environment: profile.environment,
    kind: batch.kind === 'full' ? 'FUL' : 'SUB',
    from: 'ONDE',
    to: profile.code,
    day: dayInBangkok(batch.sealedAt),
    number: batch.number,
    k: part.parts === 1 ? null : part.part,
  });
}

/** A name of the feed's form whatever its kind, so that files of other rooms are told from files that nobody can place. */
export function addressOf(name: string): { from: string; to: string } | null {
  const found = /^T?WAH_[A-Z]{3}_([A-Z0-9]{2,12})_([A-Z0-9]{2,12})_\d{8}_\d{6,9}(?:-[1-9]\d{0,8})?\.\w+$/.exec(name);
  return found ? { from: found[1]!, to: found[2]! } : null;
}

/** The manifest that follows a file. */
export function manifestName(name: string): string {
  return `${name}.manifest.json`;
}
