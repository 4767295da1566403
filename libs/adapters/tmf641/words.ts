// TMF641 Service Ordering v4.1.0: the words of its states and errors, and what they mean here.
import { resultCodeOfError, RESULT_CODES, type LineOutcome, type ResultCode } from '#contracts';

export const BASE_PATH = '/tmf-api/serviceOrdering/v4';

/** Which order of ours: a part of a batch. `several`: the batch has more parts than one. */
export interface OrderKey {
  number: number;
  part: number;
  several: boolean;
}

/**
 * The only key of ours that an order has (TMF641 knows no idempotency), constant for one part of one batch, so that an
 * order can be looked up before anything is posted again: `SAPHAN-DTAC-000000042`, of several parts `SAPHAN-DTAC-p1-000000042`.
 */
export function externalIdOf(provider: string, key: OrderKey): string {
  return `SAPHAN-${provider}-${key.several ? `p${key.part}-` : ''}${String(key.number).padStart(9, '0')}`;
}

/** The key in an `externalId` of ours, null for anybody else's. */
export function readExternalId(text: unknown, provider: string): OrderKey | null {
  if (typeof text !== 'string') return null;
  const found = /^SAPHAN-([A-Z0-9]{2,12})-(?:p([1-9]\d{0,5})-)?(\d{9,12})$/.exec(text);
  if (!found || found[1] !== provider || Number(found[3]) < 1) return null;
  return { number: Number(found[3]), part: Number(found[2] ?? 1), several: found[2] !== undefined };
}

/** An item's id is position and ref together: servers echo it, while they may leave out everything else. */
export function itemIdOf(line: { n: number; ref: string }): string {
  return `${line.n}-${line.ref}`;
}

export function readItemId(text: unknown): { n: number; ref: string } | null {
  if (typeof text !== 'string') return null;
  const found = /^([1-9]\d{0,8})-(.{1,64})$/.exec(text);
  return found ? { n: Number(found[1]), ref: found[2]! } : null;
}

/** What a state says of an item: it is as we asked, it is not and will not be, or nothing yet. */
export type StateMeaning = 'done' | 'failed' | 'open';

const MEANING: Record<string, StateMeaning> = {
  completed: 'done',
  rejected: 'failed',
  failed: 'failed',
  cancelled: 'failed',
  partial: 'failed',
  acknowledged: 'open',
  pending: 'open',
  held: 'open',
  inProgress: 'open',
  assessingCancellation: 'open',
  pendingCancellation: 'open',
};

/** Null for a word that the standard does not have. */
export function meaningOf(state: unknown): StateMeaning | null {
  return typeof state === 'string' && Object.hasOwn(MEANING, state) ? MEANING[state]! : null;
}

/** Codes that say that nothing had to be done. */
const ALREADY = new Set(['ALREADY_APPLIED', 'ALREADY_REMOVED', 'ALREADY_EXISTS']);
/** The hub's code for an error's `code`; what is not in any table is the provider's own trouble. */
export function codeOf(text: unknown): ResultCode {
  if (typeof text !== 'string') return 'PROVIDER_ERROR';
  return resultCodeOfError(text) ?? 'PROVIDER_ERROR';
}

/** Codes that say that the service which the item names by the provider's own id is not there. */
const NO_SERVICE = new Set(['SERVICE_NOT_FOUND', 'NOT_FOUND', '404']);

/**
 * The outcome of an item that failed with this code. A service that is not there needs no removal; one that was to be
 * changed is ordered anew, without the id that is void.
 */
export function outcomeOfFailure(text: unknown, action?: unknown): Pick<LineOutcome, 'outcome' | 'code' | 'handle'> {
  if (typeof text === 'string' && ALREADY.has(text)) return { outcome: 'already' };
  if (typeof text === 'string' && NO_SERVICE.has(text)) {
    if (action === 'delete') return { outcome: 'already', handle: null };
    if (action === 'modify') return { outcome: 'retryLater', code: 'PROVIDER_ERROR', handle: null };
  }
  const code = codeOf(text);
  return { outcome: RESULT_CODES[code].retry === 'later' ? 'retryLater' : 'rejected', code };
}
