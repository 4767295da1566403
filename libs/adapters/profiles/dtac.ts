// DTAC, reference profile: for now webhook and callback; next come TM Forum TMF641 service orders.
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
