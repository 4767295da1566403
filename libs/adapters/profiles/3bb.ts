// 3BB, reference profile: for now webhook and callback; next comes the thin webhook after which it pulls the lines.
import type { ProviderProfile } from '#contracts';
import { DEADLINES, RETRY_SCHEDULE_S, WEBHOOK_LINES, webhook } from './defaults.js';

export const threeBb: ProviderProfile = {
  code: '3BB',
  nameTh: 'ทรีบรอดแบนด์',
  nameEn: '3BB',
  accesses: ['FB'],
  circuitPattern: '^\\d{10}$',
  environment: 'test',
  format: 'cloudevents',
  transport: webhook('https://3bb.invalid'),
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
  secrets: { signing: ['3bb.signing.1'], callback: ['3bb.callback.1'], sshKey: null },
};
