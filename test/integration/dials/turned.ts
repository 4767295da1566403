// Every dial of the simulators, turned: what each provider's is turned to, and why one that is not has nothing to turn.
import { type DialChange, defaultDial } from '../../../apps/provider-sim/dial.js';
import { leavesOf } from '../../../apps/provider-sim/effects.js';

export const CODES = ['AIS', 'TRUE', 'DTAC', 'CAT', 'TOT', '3BB'] as const;
export type Code = (typeof CODES)[number];

/** Only codes that stay with this provider, so that the end can be compared line by line. */
const reject = { share: 0.004, codes: ['PACKAGE_NOT_ELIGIBLE', 'NOT_SUBSCRIBER'] };
const retryLater = { share: 0.01, times: 2, code: 'QUOTA', retryAfterSeconds: 2 };
/** All that can go wrong with a request; a hang costs a whole time limit, a refused key a person. */
const faults = {
  error500Before: 0.03,
  error500After: 0.03,
  resetBefore: 0.03,
  resetAfter: 0.03,
  hangBefore: 0.012,
  hangAfter: 0.012,
  tooMany: 0.015,
  unavailable: 0.015,
  unauthorized: 0.012,
  html: 0.03,
};
/** Of a provider whose look-ups meet them too. */
const fewer = Object.fromEntries(Object.entries(faults).map(([kind, share]) => [kind, share / 2])) as typeof faults;

/** What can be wrong with answers that come by themselves. */
const answer = {
  delayMs: { min: 5, max: 60 },
  repeat: 0.1,
  reorder: 0.15,
  reorderMs: 150,
  omit: 0.01,
  contradict: 0.05,
  unknownBatch: 0.04,
  shifted: 0.05,
};
const destinations = { fail: 1, lateMs: 300 };

export const DIALS: Record<Code, DialChange> = {
  AIS: {
    faults: fewer,
    delayMs: { min: 1, max: 20 },
    retryAfterSeconds: 2,
    silence: 0.02,
    reject,
    retryLater,
    poison: 0.00015,
    maxLines: 900,
    applyOrder: 'newerSeqOnly',
    statusQuery: 'off',
    destinations,
  },
  TRUE: {
    faults,
    silence: 0.03,
    answer: { ...answer, partSize: 40, badSignature: 0.03, retryForSeconds: 1 },
    reject,
    retryLater,
    poison: 0.00015,
    duplicateCheck: 'none',
    destinations,
  },
  DTAC: {
    faults: fewer,
    faultsOn: 'everything',
    silence: 0.03,
    answer: { delayMs: { min: 5, max: 60 }, repeat: 0.1, reorder: 0.2, reorderMs: 100, omit: 0.05, unknownBatch: 0.05 },
    reject: { ...reject, decide: 'atRandom' },
    retryLater,
    poison: 0.0003,
    orders: {
      listeners: 'many',
      loseSubscriptions: 0.03,
      conflict: 0.05,
      earlyEvents: 0.1,
      refuse: 'later',
      filter: 'off',
      page: 20,
    },
    destinations: { fail: 1, partial: 1 },
  },
  CAT: {
    faults: { ...faults, unauthorized: 0.2 },
    silence: 0.02,
    answer: { ...answer, partSize: 20, badSignature: 0.03 },
    // Few lines: without some that are listed nothing can be contradicted or shifted.
    reject: { ...reject, share: 0.04 },
    retryLater: { ...retryLater, share: 0.04 },
    poison: 0.002,
    applyOrder: 'inNumberOrder',
    parkLimitMs: 1_500,
    destinations,
  },
  TOT: {
    faults: { ...faults, unauthorized: 0.2 },
    delayMs: { min: 1, max: 30 },
    silence: 0.02,
    answer: { ...answer, partSize: 20, badSignature: 0.03 },
    reject: { ...reject, share: 0.03, removes: 'too' },
    retryLater,
    poison: 0.002,
    applyOrder: 'inNumberOrder',
    destinations,
  },
  '3BB': {
    faults,
    silence: 0.02,
    // It reads pages again and takes what is newer: a batch that it has is no reason to pass over it.
    pull: { fetching: 'off', everyMs: 400, pauseMs: 2, gzip: 'off', loses: 0.1, cut: 0.1, stale: 0.2 },
    duplicateCheck: 'none',
    applyOrder: 'newerSeqOnly',
    answer: { ...answer, partSize: 20, badSignature: 0.03 },
    reject,
    retryLater,
    destinations,
  },
};

/** Members that every provider turns unless a reason says why it cannot; of the others one provider is enough. */
const EVERYWHERE = /^(faults|answer|destinations)\.|^(silence|poison|reject\.share|retryLater\.share)$/;

const OWN_SPEC = 'the dial itself is tested in apps/provider-sim/styles';
/** Why a provider does not turn a member, by the member or the beginning of its path. */
export const NOT_HERE: Record<Code, Record<string, string>> = {
  AIS: {
    'answer.': 'its outcomes stand in the response, so no answer of its own is on its way',
    'destinations.partial': 'only T8 takes a list application by application',
  },
  TRUE: { 'destinations.partial': 'only T8 takes a list application by application' },
  DTAC: {
    'answer.partSize': 'an event tells its whole order',
    'answer.contradict': 'an event shows the order as it is',
    'answer.shifted': 'an item is known by its id, which holds position and reference',
    'answer.badSignature': 'events are not signed: the address that was subscribed holds a token',
    'answer.retryForSeconds': `an event that was not taken is tried as any answer is: turned at TRUE`,
    'destinations.lateMs': 'T8 answers when a list is enforced',
  },
  CAT: {
    'answer.retryForSeconds': 'a file lies there until it is read',
    'destinations.partial': 'only T8 takes a list application by application',
  },
  TOT: {
    'answer.retryForSeconds': 'a file lies there until it is read',
    'destinations.partial': 'only T8 takes a list application by application',
  },
  '3BB': {
    'answer.retryForSeconds':
      'who reads a feed tells its outcomes until they are taken; given up they would stay uncertain until the replay: turned at TRUE',
    poison: 'it judges what it fetches line by line: a page that it cannot read is a rejection of each of its lines',
    'destinations.partial': 'only T8 takes a list application by application',
  },
};

/** Turned, but without anything to count: the reason says what keeps it from ever making a difference. */
export const WITHOUT_EFFECT: Record<Code, Record<string, string>> = {
  AIS: { applyOrder: `the hub never lets an older change overtake a newer one; ${OWN_SPEC}` },
  TRUE: { duplicateCheck: `the hub asks first, and sends no number again that may apply twice; ${OWN_SPEC}` },
  DTAC: {},
  CAT: {
    applyOrder: `the hub hands nothing later over before it knows of the one before, so there is no gap; ${OWN_SPEC}`,
    parkLimitMs: `without a gap nothing is parked; ${OWN_SPEC}`,
  },
  TOT: { applyOrder: `as at CAT there is no gap; ${OWN_SPEC}` },
  '3BB': {},
};

/** The members that a provider's dial is turned to, with the values. */
export function turnedAt(code: Code): Map<string, unknown> {
  const usual = leavesOf(defaultDial());
  return new Map(
    [...leavesOf(DIALS[code])].filter(([leaf, value]) => JSON.stringify(value) !== JSON.stringify(usual.get(leaf))),
  );
}

function excused(code: Code, leaf: string): boolean {
  return Object.keys(NOT_HERE[code]).some((one) => leaf === one || (one.endsWith('.') && leaf.startsWith(one)));
}

/** What is wrong with the tables above, seen from the dial as it is today: nothing, or one sentence each. */
export function unturned(): string[] {
  const found: string[] = [];
  const leaves = [...leavesOf(defaultDial()).keys()];
  const turned = new Map(CODES.map((code) => [code, turnedAt(code)]));
  for (const leaf of leaves) {
    const at = CODES.filter((code) => turned.get(code)?.has(leaf));
    if (at.length === 0) found.push(`${leaf} is turned nowhere`);
    for (const code of CODES) {
      if (at.includes(code) && excused(code, leaf))
        found.push(`${leaf} is turned at ${code}, which is said to have none`);
      if (EVERYWHERE.test(leaf) && !at.includes(code) && !excused(code, leaf))
        found.push(`${leaf} is not turned at ${code}, and no reason says why`);
    }
    if (at.length > 0 && at.every((code) => leaf in WITHOUT_EFFECT[code]) && !(leaf in ONLY_WITHOUT_EFFECT))
      found.push(`${leaf} has an effect nowhere`);
  }
  for (const code of CODES) {
    for (const reason of Object.keys(NOT_HERE[code]))
      if (!leaves.some((leaf) => leaf === reason || leaf.startsWith(reason))) found.push(`${reason} is no dial`);
    for (const leaf of Object.keys(WITHOUT_EFFECT[code]))
      if (!turned.get(code)?.has(leaf)) found.push(`${leaf} of ${code} is excused and not turned`);
  }
  return found;
}

/** Members that have an effect at no provider. */
const ONLY_WITHOUT_EFFECT: Record<string, string> = { parkLimitMs: 'there is no gap that could be given up' };

/** Members that are turned and made no difference so far, though they should. */
export function withoutEffect(code: Code, effects: Record<string, number>): string[] {
  return [...turnedAt(code).keys()].filter((leaf) => !effects[leaf] && !(leaf in WITHOUT_EFFECT[code]));
}
