// Checks a provider's profile from outside (configuration, API) and says what to write where it is wrong.
// By hand and not by a schema library: most rules are about several fields, and the messages are the point.
import type { ProviderProfile } from '#contracts';
import { Checker, type Fields } from './checker.js';
import { checkDestinations } from './validate-destinations.js';
import { checkTimes } from './validate-times.js';
import { checkObserve } from './validate-observe.js';
import { checkPeople } from './validate-people.js';
import { checkSecrets } from './validate-secrets.js';
import { checkTransport } from './validate-transport.js';

/** A profile that cannot work; lists everything that is wrong, each with what to write. */
export class ProfileNotValid extends Error {
  constructor(
    readonly code: string,
    readonly faults: string[],
  ) {
    super(`The profile of ${code} cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ProfileNotValid';
  }
}

const PROFILE_FIELDS = [
  'code',
  'nameTh',
  'nameEn',
  'accesses',
  'circuitPattern',
  'environment',
  'format',
  'transport',
  'acknowledgement',
  'maxLines',
  'maxBytes',
  'maxInFlight',
  'releasedBy',
  'appliesInOrder',
  'refusesKnownNumbers',
  'canBeAsked',
  'takesDates',
  'receiptDeadlineS',
  'outcomeDeadlineS',
  'receiptSoftDeadlineS',
  'outcomeSoftDeadlineS',
  'disabled',
  'askEveryS',
  'retryScheduleS',
  'maxLineTries',
  'secrets',
  'deliveryWindows',
  'proofOfLifeAt',
  'destinations',
  'reconcileEveryS',
  'observe',
  'testLines',
  'contacts',
  'successor',
  'otherNames',
];

const DAY_S = 86_400;

/**
 * Checks every field and what must fit together. Returns the same profile, typed.
 * Throws `ProfileNotValid` with all faults at once.
 */
export function validateProfile(candidate: unknown): ProviderProfile {
  const check = new Checker();
  const profile = check.object(candidate, 'profile', PROFILE_FIELDS);
  if (profile) {
    checkIdentity(check, profile);
    checkPace(check, profile);
    checkTimes(check, profile);
    checkDestinations(check, profile);
    checkPeople(check, profile);
    const secrets = checkSecrets(check, profile['secrets']);
    checkTransport(check, profile, secrets);
    checkObserve(check, profile, secrets);
  }
  if (check.faults.length > 0) {
    const code = profile?.['code'];
    throw new ProfileNotValid(typeof code === 'string' && /^\w{1,12}$/.test(code) ? code : '(no code)', check.faults);
  }
  return candidate as ProviderProfile;
}

function checkIdentity(check: Checker, profile: Fields): void {
  check.text(profile['code'], 'code', /^[A-Z0-9]{2,8}$/, 'two to eight capital letters or digits, e.g. "AIS"');
  check.text(profile['nameTh'], 'nameTh', /\S/, 'the name in Thai');
  check.text(profile['nameEn'], 'nameEn', /\S/, 'the name in English');
  check.list(
    profile['accesses'],
    'accesses',
    1,
    (one) => one === 'MB' || one === 'FB',
    '["MB"], ["FB"] or ["MB","FB"]',
  );
  const fixed = Array.isArray(profile['accesses']) && profile['accesses'].includes('FB');
  const pattern = profile['circuitPattern'];
  if (fixed && (typeof pattern !== 'string' || !/^\^.*\$$/s.test(pattern) || !compiles(pattern))) {
    check.say(
      'circuitPattern: with fixed lines (FB), write an anchored pattern of its circuit numbers, e.g. "^\\\\d{10}$"',
    );
  }
  if (!fixed && pattern !== null) check.say('circuitPattern: without fixed lines (FB) in accesses, write null');
  check.word(profile['environment'], 'environment', ['test', 'live']);
  check.word(profile['format'], 'format', ['cloudevents', 'hdt', 'tmf641', 'thin']);
  check.word(profile['acknowledgement'], 'acknowledgement', ['response', 'callback', 'files', 'pull']);
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function checkPace(check: Checker, profile: Fields): void {
  check.whole(profile['maxLines'], 'maxLines', 1, 200_000, 'the most lines in one batch');
  if (profile['maxBytes'] !== undefined && profile['maxBytes'] !== null)
    check.whole(profile['maxBytes'], 'maxBytes', 16_384, 67_108_864, 'the longest body or file in bytes');
  check.whole(profile['maxInFlight'], 'maxInFlight', 1, 64, 'how many batches may await outcomes');
  check.word(profile['releasedBy'], 'releasedBy', ['receipt', 'outcomes']);
  for (const name of ['appliesInOrder', 'refusesKnownNumbers', 'canBeAsked', 'takesDates'])
    check.yesNo(profile[name], name);
  check.whole(profile['receiptDeadlineS'], 'receiptDeadlineS', 10, 7 * DAY_S, 'seconds until a receipt is overdue');
  check.whole(profile['outcomeDeadlineS'], 'outcomeDeadlineS', 10, 30 * DAY_S, 'seconds until outcomes are overdue');
  for (const [soft, hard] of [
    ['receiptSoftDeadlineS', 'receiptDeadlineS'],
    ['outcomeSoftDeadlineS', 'outcomeDeadlineS'],
  ] as const) {
    if (profile[soft] === undefined || profile[soft] === null) continue;
    const most = typeof profile[hard] === 'number' ? profile[hard] : 30 * DAY_S;
    check.whole(
      profile[soft],
      soft,
      1,
      most,
      `seconds until people are told, at most ${hard} (or null for half of it)`,
    );
  }
  if (profile['disabled'] !== undefined && profile['disabled'] !== null)
    check.text(profile['disabled'], 'disabled', /\S/, 'why nothing is sent to it, or null');
  if (profile['askEveryS'] !== undefined && profile['askEveryS'] !== null) {
    const most = typeof profile['outcomeDeadlineS'] === 'number' ? profile['outcomeDeadlineS'] : 30 * DAY_S;
    check.whole(profile['askEveryS'], 'askEveryS', 1, most, 'seconds of silence after which it is asked (or null)');
    if (profile['canBeAsked'] === false) check.say('askEveryS: it cannot be asked; write null');
  }
  check.list(
    profile['retryScheduleS'],
    'retryScheduleS',
    1,
    (one) => typeof one === 'number' && one >= 0.05 && one <= DAY_S,
    'pauses in seconds, each from 0.05 to 86400 and none twice, e.g. [1, 5, 30, 120, 600]',
  );
  if (profile['reconcileEveryS'] !== undefined && profile['reconcileEveryS'] !== null) {
    check.whole(
      profile['reconcileEveryS'],
      'reconcileEveryS',
      10,
      30 * DAY_S,
      'seconds between two comparisons, or null',
    );
  }
  check.whole(profile['maxLineTries'], 'maxLineTries', 1, 100, 'how often one line is tried');

  if (
    typeof profile['maxInFlight'] === 'number' &&
    profile['maxInFlight'] > 1 &&
    profile['releasedBy'] === 'outcomes'
  ) {
    check.say('maxInFlight: with releasedBy "outcomes" only 1 can be in flight; write 1, or releasedBy "receipt"');
  }
  const [receipt, outcomes] = [profile['receiptDeadlineS'], profile['outcomeDeadlineS']];
  if (typeof receipt === 'number' && typeof outcomes === 'number' && outcomes < receipt) {
    check.say('outcomeDeadlineS: outcomes cannot be due before the receipt; write at least receiptDeadlineS');
  }
  if (profile['refusesKnownNumbers'] === false && profile['canBeAsked'] === false) {
    check.say(
      'canBeAsked: a provider that neither refuses known numbers nor can be asked leaves no safe way on after a lost answer; one of the two must be true',
    );
  }
}
