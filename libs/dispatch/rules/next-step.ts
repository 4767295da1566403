// What is due for a provider now: one decision from what the database says, so that a lost or repeated job changes nothing.
import type { BatchKind, BatchState, DeliveryWindow } from '#contracts';
import { proofOfLifeDue } from './proof-of-life.js';
import { nextOpening } from './windows.js';

/** A batch that has not ended, as far as the decision cares. */
export interface OpenBatch {
  number: number;
  kind: BatchKind;
  state: Extract<BatchState, 'sealed' | 'handed' | 'accepted'>;
  /** True when a later number was handed over. */
  laterHanded: boolean;
  /** When it was handed over or accepted (milliseconds), later by any maintenance since; Infinity while it waits to be fetched. */
  since: number;
  /** Times it was asked about since the receipt. */
  asked: number;
  /** It lies with the provider, whose own receipt has not come. */
  receiptAwaited?: boolean;
}

export interface StreamView {
  now: number;
  paused: boolean;
  /** Until when maintenance lasts that is under way (milliseconds); null or absent: there is none. */
  maintenanceUntil?: number | null;
  /** It is taken for away, or has only just been released: what goes next is a canary, and never a full list. */
  canary?: boolean;
  /** Not before this moment (milliseconds), or null. */
  notBefore: number | null;
  sealedSeq: number;
  lastSeq: number;
  /** Ascending by number. */
  open: OpenBatch[];
  /** A refused batch with ranges that no half covers yet. */
  unsealedHalf: boolean;
  fullListWanted: boolean;
  /** When the newest batch was sealed (milliseconds); null or absent: there is none. */
  lastSealedAt?: number | null;
}

export interface StepRules {
  maxInFlight: number;
  releasedBy: 'receipt' | 'outcomes';
  refusesKnownNumbers: boolean;
  canBeAsked: boolean;
  outcomeDeadlineMs: number;
  /** After which a batch without the provider's own receipt is asked about once; absent: never for that. */
  receiptDeadlineMs?: number;
  /** Its profile says that nothing is sent. */
  disabled?: boolean;
  /** Silence after which an accepted batch is asked about, again and again until overdue; absent or null: never before. */
  askEveryMs?: number | null;
  /** When it may be sent to; absent or empty: always. */
  deliveryWindows?: readonly DeliveryWindow[];
  /** `HH:MM` in Bangkok from which a day without a batch gets an empty one; absent or null: never. */
  proofOfLifeAt?: string | null;
}

export type Step =
  | { step: 'paused' }
  /** `window`: all that is due would be sent, and the delivery window is shut. */
  | { step: 'notYet'; until: number; why: 'pause' | 'window' | 'maintenance' }
  | { step: 'handOver'; number: number }
  | { step: 'ask'; number: number }
  | { step: 'giveUp'; number: number }
  | { step: 'awaitOutcomes' }
  | { step: 'sealHalf' }
  | { step: 'sealFull' }
  | { step: 'seal' }
  /** The empty daily batch. */
  | { step: 'sealEmpty' }
  | { step: 'idle' };

/** Steps that need no open window, for nothing is sent by them. */
const SENDS_NOTHING: ReadonlySet<Step['step']> = new Set(['paused', 'notYet', 'giveUp', 'awaitOutcomes', 'idle']);

/**
 * The resend rule: the same number with the same bytes may be handed over again only while nothing later was handed
 * over and the provider refuses numbers that it knows. Otherwise the provider is asked first; one that cannot be asked
 * leaves only a person.
 */
export function afterUnclear(batch: Pick<OpenBatch, 'laterHanded'>, rules: StepRules): 'resend' | 'ask' | 'giveUp' {
  if (!batch.laterHanded && rules.refusesKnownNumbers) return 'resend';
  return rules.canBeAsked ? 'ask' : 'giveUp';
}

/** How often an overdue batch is asked about before its silent lines are given up as uncertain. */
export const ASKED_ENOUGH = 3;

/** The next question comes after this share of the deadline: "I have it" without outcomes is no reason to ask at once. */
const ASK_AGAIN = 1 / 4;

/** Whether nothing was heard for so long that the word may have been lost. */
function isSilent(batch: OpenBatch, now: number, rules: StepRules): boolean {
  if (batch.state !== 'accepted' || !rules.canBeAsked) return false;
  const unread = batch.receiptAwaited && rules.receiptDeadlineMs !== undefined && batch.asked === 0;
  if (unread && now - batch.since >= (rules.receiptDeadlineMs ?? Infinity)) return true;
  if (!rules.askEveryMs) return false;
  return now - batch.since < rules.outcomeDeadlineMs && now - batch.since >= rules.askEveryMs * (1 + batch.asked);
}

function isOverdue(batch: OpenBatch, now: number, rules: StepRules): boolean {
  // Asked all the time, it needs no further chance when the time is over.
  if (rules.canBeAsked && rules.askEveryMs)
    return batch.state === 'accepted' && now - batch.since >= rules.outcomeDeadlineMs;
  return batch.state === 'accepted' && now - batch.since >= rules.outcomeDeadlineMs * (1 + ASK_AGAIN * batch.asked);
}

/** Decides the next step. Pure: the same view gives the same step. */
export function nextStep(view: StreamView, rules: StepRules): Step {
  if (view.paused || rules.disabled) return { step: 'paused' };
  // Deadlines stand still in it, so that nothing is given up either.
  if (view.maintenanceUntil && view.maintenanceUntil > view.now)
    return { step: 'notYet', until: view.maintenanceUntil, why: 'maintenance' };
  if (view.notBefore !== null && view.notBefore > view.now)
    return { step: 'notYet', until: view.notBefore, why: 'pause' };
  const step = dueStep(view, rules);
  if (SENDS_NOTHING.has(step.step)) return step;
  // Resends and questions wait for the window too: outside of it the provider's system may not be there at all.
  const opensAt = nextOpening(rules.deliveryWindows, view.now);
  return opensAt === null ? step : { step: 'notYet', until: opensAt, why: 'window' };
}

/** What is due, whether or not it may be sent now. */
function dueStep(view: StreamView, rules: StepRules): Step {
  // A fate that is not known is settled before anything else leaves: what follows could overtake it.
  const unclear = view.open.find((batch) => batch.state === 'handed');
  if (unclear) {
    const next = afterUnclear(unclear, rules);
    return next === 'resend' ? { step: 'handOver', number: unclear.number } : { step: next, number: unclear.number };
  }

  const overdue = view.open.find((batch) => isOverdue(batch, view.now, rules));
  if (overdue) {
    if (rules.canBeAsked && overdue.asked < ASKED_ENOUGH) return { step: 'ask', number: overdue.number };
    return { step: 'giveUp', number: overdue.number };
  }

  const silent = view.open.find((batch) => isSilent(batch, view.now, rules));
  if (silent) return { step: 'ask', number: silent.number };

  // A full list replaces everything: at a provider that works on batches side by side it would wipe what overtook it.
  if (view.open.some((batch) => batch.kind === 'full' && batch.state === 'accepted')) return { step: 'awaitOutcomes' };

  const inFlight = rules.releasedBy === 'outcomes' ? view.open.filter((batch) => batch.state === 'accepted').length : 0;
  if (inFlight >= rules.maxInFlight) return { step: 'awaitOutcomes' };

  const sealed = view.open.find((batch) => batch.state === 'sealed');
  if (sealed) return { step: 'handOver', number: sealed.number };
  if (view.unsealedHalf) return { step: 'sealHalf' };
  // A list of everything is no canary: something small goes first, where there is something.
  if (view.canary && view.lastSeq > view.sealedSeq) return { step: 'seal' };
  if (view.fullListWanted) return view.open.length > 0 ? { step: 'awaitOutcomes' } : { step: 'sealFull' };
  if (view.lastSeq > view.sealedSeq) return { step: 'seal' };
  if (proofOfLifeDue(rules.proofOfLifeAt ?? null, view.lastSealedAt ?? null, view.now)) return { step: 'sealEmpty' };
  return { step: 'idle' };
}
