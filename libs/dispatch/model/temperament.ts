// What kind of provider the hub meets in a run, and the profile that is honest about it.
import type { StepRules } from '../rules/next-step.js';
import type { Random } from './random.js';

export interface Temperament {
  /** How batches take effect: as they come, side by side in any order, in number order, or only newer seqs per entry. */
  order: 'arrival' | 'sideBySide' | 'number' | 'newerSeqs';
  /**
   * What it does with a number that it knows: applies it again, recognises it, recognises only its highest, or refuses
   * all up to its highest.
   */
  duplicates: 'appliesAgain' | 'recognises' | 'recognisesHighest' | 'refusesUpToHighest';
  /** Outcomes in the response, or later by callback in so many parts. */
  answers: 'response' | 'callback';
  parts: number;
  /** Callbacks are repeated until they arrive; otherwise some are lost for good. */
  persistent: boolean;
  /** Works on some batches longer than the outcome deadline. */
  slow: boolean;
  canBeAsked: boolean;
  /** Sends a second word about some lines: "later" before it looked, or the opposite of what it did. */
  wavers: 'never' | 'provisional' | 'contradicts';
  /** Says the outcomes with "I know this number". */
  repeatsOutcomes: boolean;
  /** A batch with an offending line is refused as a whole, at once or by callback; otherwise the line is rejected. */
  refusal: 'byLine' | 'whole' | 'wholeLate';
  /** Share of contents that it never takes. */
  offends: number;
  /** Share of entries that are put off a few times, and of those that are put off for ever. */
  putsOff: number;
  putsOffForEver: number;
}

export interface ModelProfile extends StepRules {
  appliesInOrder: boolean;
  maxLines: number;
  maxLineTries: number;
  schedule: readonly number[];
  unclearLeastS: number;
}

/** Draws a provider; what is `given` is so, whatever was drawn. */
export function drawTemperament(random: Random, given: Partial<Temperament> = {}): Temperament {
  return { ...draw(random), ...given };
}

function draw(random: Random): Temperament {
  const order = random.pick(['arrival', 'sideBySide', 'number', 'newerSeqs'] as const);
  const answers = order === 'sideBySide' ? 'callback' : random.pick(['response', 'callback'] as const);
  // Who works on batches side by side and says nothing of a late one cannot be kept right by anybody.
  const persistent = order === 'sideBySide' || random.chance(0.5);
  return {
    order,
    answers,
    persistent,
    parts: random.whole(1, 3),
    slow: answers === 'callback' && persistent && random.chance(0.2),
    duplicates:
      order === 'number'
        ? 'recognises'
        : random.pick(['appliesAgain', 'recognises', 'recognisesHighest', 'refusesUpToHighest'] as const),
    canBeAsked: random.chance(0.6),
    wavers:
      answers === 'callback' && persistent
        ? random.pick(['never', 'never', 'provisional', 'contradicts'] as const)
        : 'never',
    repeatsOutcomes: random.chance(0.5),
    refusal: random.pick(
      answers === 'callback' ? (['byLine', 'whole', 'wholeLate'] as const) : (['byLine', 'whole'] as const),
    ),
    offends: random.pick([0, 0.05, 0.2]),
    putsOff: random.pick([0, 0.2, 0.5]),
    putsOffForEver: random.pick([0, 0, 0.15]),
  };
}

/** A profile claims only what the provider really does. */
export function profileOf(temperament: Temperament, random: Random): ModelProfile {
  return {
    appliesInOrder: temperament.order === 'number' || temperament.order === 'newerSeqs',
    refusesKnownNumbers: temperament.duplicates !== 'appliesAgain',
    canBeAsked: temperament.canBeAsked,
    maxInFlight: random.whole(1, 3),
    releasedBy: random.pick(['receipt', 'receipt', 'outcomes'] as const),
    outcomeDeadlineMs: DEADLINE_S * 1000,
    maxLines: random.whole(1, 6),
    maxLineTries: 4,
    schedule: [1, 5, 40],
    // Who recognises every number may get it again at once; else the first request must be over before anything follows.
    unclearLeastS:
      temperament.duplicates === 'recognises' || temperament.duplicates === 'refusesUpToHighest' ? 0 : UNCLEAR_PAUSE_S,
  };
}

/**
 * When it may be sent to, and whether it wants a proof of life: windows that shut twice while there is trouble, and a
 * daily batch soon after midnight (runs begin at 23:57). Drawn apart, so that seeds are what they were.
 */
export function drawCalendar(random: Random): Pick<ModelProfile, 'deliveryWindows' | 'proofOfLifeAt'> {
  const windows = [
    { from: '00:07', to: '24:00' },
    { from: '00:02', to: '00:05' },
  ];
  return {
    deliveryWindows: random.chance(0.3) ? windows : [],
    proofOfLifeAt: random.chance(0.5) ? '00:03' : null,
  };
}

/** Seconds. A request lives at most REQUEST_LIFE_S; the long pause after an unclear end and the lease are longer. */
export const TIME_OUT_S = 10;
export const REQUEST_LIFE_S = 15;
export const UNCLEAR_PAUSE_S = 20;
export const LEASE_S = 30;
export const DEADLINE_S = 100;
/** An attempt whose worker was not heard of for so long never begins a call any more. */
export const LOST_AFTER_S = 120;
