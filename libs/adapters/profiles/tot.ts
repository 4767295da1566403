// TOT, reference profile: SFTP at night, Windows-874 text, PGP signed and encrypted, result files the next morning.
import type { ProviderProfile } from '#contracts';
import { FILE_LINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, sftp } from './defaults.js';

const HOUR_S = 3_600;

export const tot: ProviderProfile = {
  code: 'TOT',
  nameTh: 'ทีโอที',
  nameEn: 'TOT',
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'hdt',
  transport: { ...sftp('tot.invalid', 'saphan'), charset: 'windows-874' },
  acknowledgement: 'files',
  maxLines: FILE_LINES,
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: true,
  refusesKnownNumbers: true,
  canBeAsked: true,
  takesDates: true,
  // Its system reads what came in the night when the window shuts, and has written its receipts by ten in the morning.
  receiptDeadlineS: 12 * HOUR_S,
  // Outcomes by the next morning; a night that failed is made up for by the one after it.
  outcomeDeadlineS: 36 * HOUR_S,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  observe: {
    digests: false,
    snapshot: {
      by: 'file',
      everyS: NIGHTLY_S,
      onRequest: true,
      waitS: 600,
      leastPercent: 90,
      maxBytes: LONGEST_LIST_BYTES,
    },
  },
  secrets: {
    signing: [],
    callback: [],
    sshKey: 'tot.ssh.1',
    pgp: { ours: ['tot.pgp.ours.1'], theirs: ['tot.pgp.theirs.1'] },
  },
  deliveryWindows: [{ from: '22:00', to: '04:00' }],
  // Half an hour into the window: what waited for it has gone out by then.
  proofOfLifeAt: '22:30',
  destinations: { form: 'file' },
};
