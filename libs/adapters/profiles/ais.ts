// AIS, reference profile: webhook, CloudEvents with Standard Webhooks signature, outcomes in the response.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, LONGEST_LIST_BYTES, NIGHTLY_S, RETRY_SCHEDULE_S, WEBHOOK_LINES, webhook } from './defaults.js';

export const ais: ProviderProfile = {
  code: 'AIS',
  nameTh: 'เอไอเอส',
  nameEn: 'AIS',
  accesses: ['MB', 'FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'cloudevents',
  transport: webhook('https://ais.invalid'),
  acknowledgement: 'response',
  maxLines: WEBHOOK_LINES,
  // What gateways commonly take without being asked.
  maxBytes: 1_048_576,
  // Outcomes come with the answer, so a second batch in flight hides the way there and back.
  maxInFlight: 2,
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
  secrets: { signing: ['ais.signing.1'], callback: [], sshKey: null, digest: 'ais.digest.1' },
  destinations: { form: 'event' },
};
