// Pure: what TM Forum's swagger of TMF641 v4.1.0 requires of the messages that a provider sends, and what it lacks.
import { isObject, kindOf, troubleWithInstant } from '../../../formats/reading.js';
import { meaningOf } from '../../../tmf641/words.js';

/** `OrderItemActionType` of the swagger. */
const ACTIONS = ['add', 'modify', 'delete', 'noChange'];
/** Members of an order that are date-times. */
const INSTANTS = ['orderDate', 'completionDate', 'expectedCompletionDate', 'startDate', 'requestedCompletionDate'];

type Loose = Record<string, unknown>;

function textual(value: Loose, names: readonly string[], where: string): string[] {
  return names.flatMap((name) =>
    value[name] === undefined || typeof value[name] === 'string'
      ? []
      : [`${where}${name} is ${kindOf(value[name])}, text was expected`],
  );
}

function present(value: Loose, names: readonly string[], where: string): string[] {
  return names.flatMap((name) =>
    typeof value[name] === 'string' && value[name] !== '' ? [] : [`${where}${name} is absent`],
  );
}

function instants(value: Loose, names: readonly string[], where: string): string[] {
  return names.flatMap((name) => {
    const trouble = value[name] === undefined ? null : troubleWithInstant(value[name]);
    return trouble ? [`${where}${name} ${trouble}`] : [];
  });
}

function errors(value: unknown, where: string): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [`${where}errorMessage is ${kindOf(value)}, an array was expected`];
  return value.flatMap((one: unknown, i) =>
    isObject(one)
      ? [
          ...textual(one, ['code', 'reason', 'message', 'status'], `${where}errorMessage[${i}].`),
          ...instants(one, ['timestamp'], `${where}errorMessage[${i}].`),
        ]
      : [`${where}errorMessage[${i}] is ${kindOf(one)}, an object was expected`],
  );
}

function item(value: unknown, where: string): string[] {
  if (!isObject(value)) return [`${where} is ${kindOf(value)}, an object was expected`];
  const { action, service, state } = value;
  return [
    ...present(value, ['id'], `${where}.`),
    ...(ACTIONS.includes(action as string) ? [] : [`${where}.action is none of ${ACTIONS.join(', ')}`]),
    ...(isObject(service)
      ? textual(service, ['id', 'state', 'serviceType'], `${where}.service.`)
      : [`${where}.service is ${kindOf(service)}, an object was expected`]),
    ...(state === undefined || meaningOf(state) ? [] : [`${where}.state is no state of the standard`]),
    ...errors(value['errorMessage'], `${where}.`),
  ];
}

/** What a `ServiceOrder` lacks; empty when nothing. */
export function troubleWithOrder(value: unknown): string[] {
  if (!isObject(value)) return [`the order is ${kindOf(value)}, an object was expected`];
  const items = value['serviceOrderItem'] ?? [];
  return [
    ...textual(value, ['id', 'href', 'externalId', 'category', 'description', '@type'], ''),
    ...(value['state'] === undefined || meaningOf(value['state']) ? [] : ['state is no state of the standard']),
    ...instants(value, INSTANTS, ''),
    ...errors(value['errorMessage'], ''),
    ...(Array.isArray(items)
      ? items.flatMap((one: unknown, i) => item(one, `serviceOrderItem[${i}]`))
      : [`serviceOrderItem is ${kindOf(items)}, an array was expected`]),
  ];
}

/** What a notification lacks: the swagger's types, and the members without which it cannot be told from a repetition. */
export function troubleWithEvent(value: unknown): string[] {
  if (!isObject(value)) return [`the event is ${kindOf(value)}, an object was expected`];
  const payload = value['event'];
  return [
    ...present(value, ['eventId', 'eventTime', 'eventType'], ''),
    ...textual(value, ['correlationId', 'domain', 'title', 'description', 'priority'], ''),
    ...(value['eventTime'] === undefined ? [] : instants(value, ['eventTime'], '')),
    ...(isObject(payload) ? troubleWithOrder(payload['serviceOrder']) : [`event is ${kindOf(payload)}`]),
  ];
}

/** What an `Error` lacks. */
export function troubleWithError(value: unknown): string[] {
  if (!isObject(value)) return [`the body is ${kindOf(value)}, an Error was expected`];
  return [
    ...present(value, ['code', 'reason'], ''),
    ...textual(value, ['message', 'status', 'referenceError', '@type'], ''),
  ];
}

/** What an `EventSubscription` lacks. */
export function troubleWithSubscription(value: unknown): string[] {
  if (!isObject(value)) return [`the body is ${kindOf(value)}, an object was expected`];
  return [...present(value, ['id', 'callback'], ''), ...textual(value, ['query'], '')];
}
