// What stations need of one another, as ports that the app wires; the caller's transaction is passed along.
import type { Outcomes, RecordedOutcomes } from './outcomes.js';
import type { Cause } from './words.js';
import type { ResultCode } from './result-codes.js';

/** The caller's open transaction: SQL with positional parameters, rows back. */
export interface Tx {
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
}

/** What a derivation wrote: changes appended per provider id. */
export interface DerivedChanges {
  appended: Map<number, number>;
}

/**
 * Works out what should be on which whitelist for some lines and appends what changed (station whitelist).
 * The caller holds the locks on these lines (lock order: line, entry, batch, counter, removal budget) and took them before reading or
 * writing their registrations. `today` is the day in Asia/Bangkok.
 */
export interface Derivation {
  derive(
    tx: Tx,
    lines: DerivedLines,
    context: { cause: Cause; actorId: number; runId: number | null; today: string },
  ): Promise<DerivedChanges>;
}

/** The lines to derive. `fresh` were inserted by this very transaction, so that no entry of theirs can exist yet. */
export interface DerivedLines {
  fresh: number[];
  known: number[];
}
export const DERIVATION = Symbol('Derivation');

/** Entry refs by what became of them. `held`: its removal is held by the brake, so nothing is appended. */
export interface Appended {
  appended: string[];
  superseded: string[];
  held: string[];
}

/**
 * Appends the *current* desired state of entries to one provider's log, under the entries' locks (station whitelist).
 * An item whose `onlyIfSeq` is no longer the entry's latest change is superseded: nothing is appended for it.
 */
export interface Appender {
  appendCurrent(
    tx: Tx,
    providerId: number,
    items: { entryRef: string; onlyIfSeq: number }[],
    context: { cause: Cause; actorId: number },
  ): Promise<Appended>;
}
export const APPENDER = Symbol('Appender');

/** Records the provider's word (station acknowledgement). Idempotent, order does not matter. */
export interface OutcomeRecorder {
  record(providerId: number, number: number, outcomes: Outcomes): Promise<RecordedOutcomes>;
  /** Gives up waiting: every line without an outcome becomes uncertain. */
  giveUp(providerId: number, number: number, reason: string): Promise<RecordedOutcomes>;
  /** Refused as a whole with one line in it: that line is rejected. */
  refuseLine(providerId: number, number: number, code: ResultCode): Promise<void>;
}
export const OUTCOME_RECORDER = Symbol('OutcomeRecorder');

/** Tells whoever sends that something may be due for a provider. May be lost without harm: the sweeper looks too. */
export interface WakeUp {
  wake(providerIds: Iterable<number>): Promise<void>;
}
export const WAKE_UP = Symbol('WakeUp');

/** What needs somebody's eyes until it is over. */
export const ALERT_KINDS = [
  'receiptLate', // handed over, and no receipt within its soft deadline
  'receiptOverdue', // handed over, and no receipt within its deadline
  'outcomesLate', // no outcomes within their soft deadline
  'outcomesOverdue', // no outcomes within their deadline: it is asked, then they are given up as uncertain
  'keyExpires', // a certificate or key ends within 30, 7 or 1 days, or has ended
  'notPulled', // told that there is something, and it did not fetch it
  'answersSetAside', // answers that cannot be used
  'fileGap', // a number is missing between files
  'providerStopped', // sending was stopped by the hub itself
  'destinationsBehind', // it does not enforce the destination list that is in force
  'handOverStuck', // a planned hand-over cannot go on
  'listDiffers', // it does not hold what it acknowledged
  'removalsHeld', // the brake holds removals until somebody decides
  'unusualRemovals', // more withdrawals or expiries in a day than the brake would let pass
  'dataLost', // it says that it applied less than it acknowledged
  'snapshotRefused', // the list that it handed over is not whole, or not its own of now
  'snapshotMissing', // no list of it could be compared for two periods
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Alerts as rows: raised again is the same alert, cleared is over. `subject` names what it is about, never a line. */
export interface Alerts {
  raise(alert: { kind: AlertKind; providerId: number | null; subject: string; text: string }): Promise<void>;
  clear(alert: { kind: AlertKind; providerId: number | null; subject: string }): Promise<void>;
}
export const ALERTS = Symbol('Alerts');
