// TRUE, reference profile: webhook answered 202, outcomes later by signed callback, in parts and any order; can be asked.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, WEBHOOK_LINES, webhook } from './defaults.js';

export const trueCorp: ProviderProfile = {
  code: 'TRUE',
  nameTh: 'ทรู',
  nameEn: 'TRUE',
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'cloudevents',
  transport: { ...webhook('https://true.invalid'), gzip: true },
  acknowledgement: 'callback',
  maxLines: WEBHOOK_LINES,
  // It queues what it accepts; four batches keep it busy while callbacks are on their way.
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: false,
  refusesKnownNumbers: true,
  canBeAsked: true,
  takesDates: true,
  ...DEADLINES,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  // Equal lists cost one answer of 6 kB, so it can be asked every hour.
  reconcileEveryS: 3_600,
  observe: {
    digests: true,
    snapshot: { by: 'api', everyS: NIGHTLY_S, leastPercent: 90, maxBytes: LONGEST_LIST_BYTES },
  },
  secrets: { signing: ['true.signing.1'], callback: ['true.callback.1'], sshKey: null, digest: 'true.digest.1' },
  destinations: { form: 'event' },
};
