// The words of the journey as types: what every station, table, message and screen calls things.

/** A provider's code as used on the wire and in addresses, e.g. `AIS`. Not a legal entity: mergers leave it as it is. */
export type ProviderCode = string;

/** The six providers of the scheme as announced on 18 March 2020. A seventh is added by configuration. */
export const FOUNDING_PROVIDERS = ['CAT', 'TOT', 'AIS', 'TRUE', 'DTAC', '3BB'] as const;

/** `MB` = mobile broadband (the line is an E.164 number), `FB` = fixed broadband (the provider's own circuit number). */
export type Access = 'MB' | 'FB';

/** What a change asks of the provider. */
export type Operation = 'ADD' | 'REMOVE';

/** A calendar day in Asia/Bangkok as `YYYY-MM-DD`. */
export type Day = string;

/** The provider's word on one line of a batch. `unknown` is never said by a provider; it is what silence means. */
export type OutcomeWord = 'applied' | 'already' | 'rejected' | 'retryLater' | 'unknown';

/** Why a change was appended to a provider's log. */
export type Cause =
  | 'registered' // a registration was confirmed
  | 'amended' // a registration's content changed
  | 'cancelled' // the agency took the registration back
  | 'withdrawn' // the person asked to be removed
  | 'started' // the first valid day came
  | 'expired' // the last valid day passed
  | 'undone' // an import was undone
  | 'retried' // the provider said retryLater, or an attempt's fate was unknown
  | 'predecessor' // it waited for an earlier change of the same entry
  | 'moved' // a hand-over or a re-route named another provider
  | 'released' // a hold ended, or the new provider has a moved line
  | 'replayed' // an operator asked for it
  | 'repaired'; // a repair plan asked for it

/** Why something of an exception's kind is open. */
export type ExceptionKind = 'rejected' | 'retrying' | 'held' | 'uncertain';

export type BatchKind = 'delta' | 'full';

/**
 * Where a batch stands. `sealed`: bytes fixed, never handed over. `handed`: an attempt was begun and its fate may be
 * unknown. `accepted`: the provider's receipt is here, outcomes are awaited. `settled`: every line has an outcome or was
 * given up as uncertain. `refused`: the provider refused it as a whole. `closed`: the provider never got it, its changes
 * were appended again. `covered`: a full list sealed later says it all.
 */
export type BatchState = 'sealed' | 'handed' | 'accepted' | 'settled' | 'refused' | 'closed' | 'covered';

/** The states in which nothing more is expected of a batch. */
export const ENDED_STATES: readonly BatchState[] = ['settled', 'refused', 'closed', 'covered'];
