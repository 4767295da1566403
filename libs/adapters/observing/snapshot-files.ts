// Names and texts of the two kinds of file about whole lists: SNP from the provider, SRQ that asks for one.
import { createHash } from 'node:crypto';
import { dayInBangkok, sixDigits } from '../formats/file-names.js';
import { CONTRACT_VERSION } from '../formats/format.js';
import { HUB, secondsUtc } from '../formats/hdt.js';
import type { ProviderProfile } from '#contracts';

export interface SnapshotFileName {
  environment: ProviderProfile['environment'];
  from: string;
  to: string;
  number: number;
}

const NAME = /^(T?)WAH_SNP_([A-Z0-9]{2,12})_([A-Z0-9]{2,12})_\d{8}_(\d{6,9})\.csv$/;

/** The name of a snapshot file without what encryption adds; null when it is none. */
export function parseSnapshotName(name: string): SnapshotFileName | null {
  const found = NAME.exec(name);
  if (!found || Number(found[4]) < 1 || sixDigits(Number(found[4])) !== found[4]) return null;
  return { environment: found[1] ? 'test' : 'live', from: found[2]!, to: found[3]!, number: Number(found[4]) };
}

/** The file that asks for a list: `WAH_SRQ_ONDE_CAT_20200318_000031.csv`, with the question's number. */
export function requestFile(
  profile: Pick<ProviderProfile, 'code' | 'environment'>,
  number: number,
  now: Date,
): { name: string; bytes: Buffer } {
  const prefix = profile.environment === 'test' ? 'TWAH' : 'WAH';
  const body = `H|WAH|${CONTRACT_VERSION}|SRQ|${HUB}|${profile.code}|${sixDigits(number)}|${secondsUtc(now)}\n`;
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    name: `${prefix}_SRQ_${HUB}_${profile.code}_${dayInBangkok(now)}_${sixDigits(number)}.csv`,
    bytes: Buffer.from(`${body}T|0|sha256=${sha256}\n`),
  };
}
