// DTAC, reference profile: TM Forum TMF641 service orders; until its whole way stands, webhook and callback.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, RETRY_SCHEDULE_S, WEBHOOK_LINES, webhook } from './defaults.js';

export const dtac: ProviderProfile = {
  code: 'DTAC',
  nameTh: 'ดีแทค',
  nameEn: 'dtac',
  accesses: ['MB'],
  circuitPattern: null,
  environment: 'test',
  format: 'cloudevents',
  transport: webhook('https://dtac.invalid'),
  acknowledgement: 'callback',
  maxLines: WEBHOOK_LINES,
  maxInFlight: 4,
  releasedBy: 'receipt',
  appliesInOrder: false,
  refusesKnownNumbers: true,
  canBeAsked: true,
  takesDates: true,
  ...DEADLINES,
  retryScheduleS: [...RETRY_SCHEDULE_S],
  maxLineTries: 8,
  secrets: { signing: ['dtac.signing.1'], callback: ['dtac.callback.1'], sshKey: null },
};

/** Lines in one service order: about 700 bytes each, so that an order stays near 1 MB. */
const ORDER_LINES = 1_500;

/** The reference profile proper: service orders, events at `/hub`, looked up by `externalId`. */
export const dtacTmf641: ProviderProfile = {
  ...dtac,
  format: 'tmf641',
  maxLines: ORDER_LINES,
  // The standard has no key against doing an order twice: after an unclear fate the order is looked up.
  refusesKnownNumbers: false,
  // An event may be lost without a trace, so an order is looked up when nothing was heard for ten minutes.
  receiptDeadlineS: 600,
  outcomeDeadlineS: 600,
};
