// What the provider shows of an order: the ServiceOrder of the standard with the states and errors of its items.
import type { KnownBatch } from '../known.js';
import type { LineOutcome } from '../words.js';
import { serviceIdOf } from './service-id.js';

export const BASE = '/tmf-api/serviceOrdering/v4';

/** What is kept of an order besides its batch. */
export interface KeptOrder {
  externalId: string;
  orderDate: string;
  /** One for each item: its id as the client gave it, its action, and the ref of its line. */
  itemIds: string[];
  actions: string[];
  refs: string[];
}

export type OrderState = 'acknowledged' | 'inProgress' | 'completed' | 'partial' | 'failed';

/** Why an order that was taken was rejected as a whole afterwards. */
export interface OrderRefusal {
  code: string;
  reason: string;
}

export function orderIdOf(batch: number): string {
  return `SO-${batch.toString(36).toUpperCase().padStart(6, '0')}`;
}

export function batchOfOrder(id: string): number | undefined {
  const batch = /^SO-[0-9A-Z]{6,}$/.test(id) ? parseInt(id.slice(3), 36) : NaN;
  return Number.isSafeInteger(batch) && orderIdOf(batch) === id ? batch : undefined;
}

const REASONS: Record<string, string> = {
  ALREADY_REMOVED: 'There is no such service any more',
  PORTED_OUT: 'Subscriber is no longer on this network',
  NOT_SUBSCRIBER: 'No such subscriber',
  SERVICE_NOT_FOUND: 'There is no service of this id',
  PACKAGE_NOT_ELIGIBLE: 'The tariff is not eligible',
};

function failed(outcome: LineOutcome | undefined): outcome is LineOutcome {
  return outcome?.outcome === 'rejected' || outcome?.outcome === 'retryLater';
}

/** The outcome of each item, by position; what a removal did not find any more has failed, as no service could be ended. */
function outcomesOf(
  { known: [part] }: KnownBatch,
  actions: readonly string[],
): (LineOutcome | undefined)[] | undefined {
  if (part?.outcomes === undefined) return undefined;
  const { default: word, except } = part.outcomes;
  const listed = new Map(except.map((one) => [one.n, one]));
  return actions.map((action, i) => {
    const one = listed.get(i + 1);
    if (action !== 'delete' || (one?.outcome ?? word) !== 'already') return one;
    return { n: i + 1, ref: one?.ref ?? '', outcome: 'rejected', code: 'ALREADY_REMOVED' };
  });
}

/** The state that the outcomes of an order amount to. */
function stateOf(outcomes: readonly (LineOutcome | undefined)[] | undefined): OrderState {
  if (outcomes === undefined) return 'inProgress';
  const failures = outcomes.filter(failed).length;
  if (failures === 0) return 'completed';
  return failures === outcomes.length ? 'failed' : 'partial';
}

/** Whether an order is shown with its items, or, as in lists, by its keys only. */
export type Shown = 'whole' | 'keys';

/** A ServiceOrder; `early` shows it as it was when it had only been acknowledged or begun. */
export function orderView(
  batch: KnownBatch,
  kept: KeptOrder,
  origin: string,
  now: number,
  { early, shown = 'whole' }: { early?: OrderState; shown?: Shown } = {},
): Record<string, unknown> {
  const id = orderIdOf(batch.batch);
  const told = outcomesOf(batch, kept.actions);
  const state = early ?? stateOf(told);
  const final = state !== 'acknowledged' && state !== 'inProgress';
  const time = new Date(now).toISOString();
  return {
    id,
    href: `${origin}${BASE}/serviceOrder/${id}`,
    externalId: kept.externalId,
    state,
    orderDate: kept.orderDate,
    ...(final ? { completionDate: time } : {}),
    serviceOrderItem: (shown === 'whole' ? kept.actions : []).map((action, i) =>
      itemView(kept.itemIds[i] ?? String(i + 1), action, kept.refs[i] ?? '', final ? 'final' : state, told?.[i], time),
    ),
    '@type': 'ServiceOrder',
  };
}

/** An order that was taken and then rejected as a whole. */
export function rejectedView(
  batch: number,
  kept: KeptOrder,
  refusal: OrderRefusal,
  origin: string,
): Record<string, unknown> {
  const id = orderIdOf(batch);
  return {
    id,
    href: `${origin}${BASE}/serviceOrder/${id}`,
    externalId: kept.externalId,
    state: 'rejected',
    orderDate: kept.orderDate,
    completionDate: kept.orderDate,
    errorMessage: [{ code: refusal.code, reason: refusal.reason, timestamp: kept.orderDate }],
    serviceOrderItem: kept.actions.map((action, i) => ({
      id: kept.itemIds[i] ?? String(i + 1),
      action,
      state: 'rejected',
      service: { serviceType: 'ZeroRating' },
    })),
    '@type': 'ServiceOrder',
  };
}

function itemView(
  itemId: string,
  action: string,
  ref: string,
  state: string,
  outcome: LineOutcome | undefined,
  time: string,
): Record<string, unknown> {
  const id = serviceIdOf(ref);
  if (state !== 'final')
    return { id: itemId, action, state, service: action === 'delete' ? { id } : { serviceType: 'ZeroRating' } };
  if (failed(outcome)) {
    const code = outcome.code ?? 'PROVIDER_ERROR';
    const error = { code, reason: REASONS[code] ?? code, timestamp: time };
    return { id: itemId, action, state: 'failed', service: { serviceType: 'ZeroRating' }, errorMessage: [error] };
  }
  return {
    id: itemId,
    action,
    state: 'completed',
    service: { id, state: action === 'delete' ? 'terminated' : 'active' },
  };
}
