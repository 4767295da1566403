// TOT, reference profile: for now SFTP with H/D/T files as they are; next come Windows-874, PGP and a nightly window.
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
