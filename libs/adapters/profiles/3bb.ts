// 3BB, reference profile: a thin webhook, after which it pulls the lines by cursor and posts outcomes by signed callback.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, WEBHOOK_LINES, webhook } from './defaults.js';

export const threeBb: ProviderProfile = {
  code: '3BB',
  nameTh: 'ทรีบรอดแบนด์',
  nameEn: '3BB',
  accesses: ['FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'thin',
  transport: webhook('https://3bb.invalid'),
  acknowledgement: 'pull',
  // A page of the feed is a part of a batch: about 0.85 MB, a fifth of that gzipped.
  maxLines: WEBHOOK_LINES,
  maxInFlight: 4,
  // Being told is enough for the next one: it reads the feed at its own pace, however much lies there.
  releasedBy: 'receipt',
  // The feed has one order, and a cursor leads through it page by page: nothing can overtake anything.
  appliesInOrder: true,
  // The event holds no line, so telling twice changes nothing, and a page is known by its number.
  refusesKnownNumbers: true,
  // It need not be: the cursor that it comes with says what it has.
  canBeAsked: false,
  takesDates: true,
  ...DEADLINES,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  observe: {
    digests: false,
    snapshot: { by: 'api', everyS: NIGHTLY_S, leastPercent: 90, maxBytes: LONGEST_LIST_BYTES },
  },
  secrets: { signing: ['3bb.signing.1'], callback: ['3bb.callback.1'], sshKey: null },
  destinations: { form: 'feed' },
};
