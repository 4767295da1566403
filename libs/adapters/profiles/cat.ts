// CAT, reference profile: SFTP, H/D/T files with manifests, file receipt and result files.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, FILE_LINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, sftp } from './defaults.js';

export const cat: ProviderProfile = {
  code: 'CAT',
  nameTh: 'กสท โทรคมนาคม',
  nameEn: 'CAT Telecom',
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'hdt',
  transport: sftp('cat.invalid', 'saphan'),
  acknowledgement: 'files',
  maxLines: FILE_LINES,
  // A file answer takes a polling interval on each side; four files hide it.
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: true,
  refusesKnownNumbers: true,
  canBeAsked: true,
  takesDates: true,
  ...DEADLINES,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  observe: {
    digests: false,
    snapshot: {
      by: 'file',
      everyS: NIGHTLY_S,
      onRequest: true,
      waitS: 300,
      leastPercent: 90,
      maxBytes: LONGEST_LIST_BYTES,
    },
  },
  secrets: { signing: [], callback: [], sshKey: 'cat.ssh.1' },
  // The end of its office day.
  proofOfLifeAt: '17:00',
  destinations: { form: 'file' },
};
