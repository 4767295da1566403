// TOT, reference profile: SFTP, Windows-874, PGP signed and encrypted; until its whole way stands, files as they are.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, FILE_LINES, RETRY_SCHEDULE_S, sftp } from './defaults.js';

export const tot: ProviderProfile = {
  code: 'TOT',
  nameTh: 'ทีโอที',
  nameEn: 'TOT',
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'hdt',
  transport: sftp('tot.invalid', 'saphan'),
  acknowledgement: 'files',
  maxLines: FILE_LINES,
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: true,
  refusesKnownNumbers: true,
  canBeAsked: true,
  takesDates: true,
  ...DEADLINES,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  secrets: { signing: [], callback: [], sshKey: 'tot.ssh.1' },
};

/** The reference profile proper: Windows-874 text, signed and encrypted. The nightly window is dispatch's. */
export const totSealed: ProviderProfile = {
  ...tot,
  transport: { ...sftp('tot.invalid', 'saphan'), charset: 'windows-874' },
  secrets: { ...tot.secrets, pgp: { ours: ['tot.pgp.ours.1'], theirs: ['tot.pgp.theirs.1'] } },
};
