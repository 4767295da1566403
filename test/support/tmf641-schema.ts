// Checks bodies against the definitions of TM Forum's own TMF641 v4.1.0 swagger.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { Witness, WitnessedKind } from '../../apps/provider-sim/tmf641/witness.js';

const swagger = JSON.parse(
  readFileSync(new URL('../fixtures/TMF641-ServiceOrdering-v4.1.0.swagger.json', import.meta.url), 'utf8'),
) as { definitions: Record<string, { enum?: string[] }> };
const ajv = new Ajv({ strict: false, allErrors: true });
// A CommonJS module whose types speak of a default export.
(addFormatsModule as unknown as (ajv: Ajv) => void)(ajv);
ajv.addSchema({ $id: 'tmf641', definitions: swagger.definitions });

/** A definition of the swagger; throws when it has none of that name. */
export function tmf641Definition(name: string): { enum?: string[] } {
  const found = swagger.definitions[name];
  assert.ok(found, `the swagger has no definition ${name}`);
  return found;
}

/** Throws an `AssertionError` with every deviation of `value` from the definition of that name. */
export function assertTmf641(definition: string, value: unknown): void {
  const check = ajv.getSchema(`tmf641#/definitions/${definition}`);
  assert.ok(check, `the swagger has no definition ${definition}`);
  assert.ok(check(value), `not a ${definition}: ${ajv.errorsText(check.errors)}`);
}

/** What a client may not set in a new order, by the descriptions in the standard. */
const SERVER_SETS = ['id', 'href', 'orderDate', 'completionDate', 'expectedCompletionDate', 'startDate', 'state'];

const CHECKS: Record<WitnessedKind, (body: unknown) => void> = {
  order: (body) => {
    assertTmf641('ServiceOrder_Create', body);
    for (const name of SERVER_SETS) assert.ok(!(name in (body as object)), `a client may not set ${name}`);
  },
  answer: (body) => assertTmf641('ServiceOrder', body),
  list: (body) => {
    for (const order of body as unknown[]) assertTmf641('ServiceOrder', order);
  },
  error: (body) => assertTmf641('Error', body),
  hub: (body) => assertTmf641('EventSubscriptionInput', body),
  hubAnswer: (body) => assertTmf641('EventSubscription', body),
  event: (body) => {
    const { eventType } = body as { eventType: string };
    assertTmf641(/create/i.test(eventType) ? 'ServiceOrderCreateEvent' : 'ServiceOrderStateChangeEvent', body);
  },
};

/** What a hub and a provider that speak by orders say to each other at least. */
export const ORDER_TALK: readonly WitnessedKind[] = ['order', 'answer', 'hub', 'hubAnswer', 'event'];

/** Fails unless messages of each of these kinds were judged: no fault among none proves nothing. */
export function assertWitnessed(seen: ReadonlyMap<WitnessedKind, number>, kinds: readonly WitnessedKind[]): void {
  const unseen = kinds.filter((kind) => !seen.get(kind));
  assert.deepEqual(unseen, [], 'of these kinds of messages of service orders the schema check saw none');
}

/** A witness of every message, and what deviated from the standard so far, each once. */
export function tmf641Witness(): { witness: Witness; seen: Map<WitnessedKind, number>; faults: Set<string> } {
  const seen = new Map<WitnessedKind, number>();
  const faults = new Set<string>();
  const witness: Witness = (kind, body) => {
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    try {
      CHECKS[kind](body);
    } catch (error) {
      faults.add(`${kind}: ${error instanceof Error ? error.message.slice(0, 500) : 'unknown'}`);
    }
  };
  return { witness, seen, faults };
}
