// DTAC, reference profile: TM Forum TMF641 service orders, events at `/hub`, looked up by `externalId`; can be asked.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, webhook } from './defaults.js';

/** Lines in one service order: about 700 bytes each, so that an order stays near 1 MB. */
const ORDER_LINES = 1_500;

export const dtac: ProviderProfile = {
  code: 'DTAC',
  nameTh: 'ดีแทค',
  nameEn: 'dtac',
  accesses: ['MB'],
  circuitPattern: null,
  environment: 'test',
  format: 'tmf641',
  transport: webhook('https://dtac.invalid'),
  acknowledgement: 'callback',
  maxLines: ORDER_LINES,
  // It queues what it accepts; four orders keep it busy while events are on their way.
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: false,
  // The standard has no key against doing an order twice: after an unclear fate the order is looked up.
  refusesKnownNumbers: false,
  canBeAsked: true,
  takesDates: true,
  ...DEADLINES,
  // An event may be lost without a trace, so an order is looked up when nothing was heard for ten minutes.
  askEveryS: 600,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  observe: {
    digests: false,
    snapshot: { by: 'api', everyS: NIGHTLY_S, leastPercent: 90, maxBytes: LONGEST_LIST_BYTES },
  },
  secrets: { signing: ['dtac.signing.1'], callback: ['dtac.callback.1'], sshKey: null },
  // A list must be enforced within a day of being told.
  destinations: { form: 't8', apiRoot: 'https://dtac.invalid', scsAsId: 'onde-wah', allowedDelayS: 86_400 },
};
