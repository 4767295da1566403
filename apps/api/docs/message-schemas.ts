// JSON Schemas of the events between hub and providers, beside the code that writes and reads them; a spec validates
// what that code really renders. Members may be added within a major version, so nothing forbids further ones.
import { RESULT_CODE_ORDER, type OutcomeWord } from '#contracts';

export type Schema = Record<string, unknown>;

const OUTCOME_WORDS: Exclude<OutcomeWord, 'unknown'>[] = ['applied', 'already', 'rejected', 'retryLater'];

const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });
const count = (description: string, more: Schema = {}): Schema => ({
  type: 'integer',
  minimum: 1,
  description,
  ...more,
});
const day = (description: string): Schema => text(description, { pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const sha256 = (description: string): Schema => text(description, { pattern: '^[0-9a-f]{64}$' });
const object = (properties: Record<string, Schema>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});

const contract = text('Version of the feed contract: only additions within the major', { pattern: '^1\\.\\d+$' });
const provider = text('Code of the provider', { pattern: '^[A-Z0-9]{2,12}$' });

/** A structured CloudEvent 1.0 around `data`. */
function event(
  type: string,
  data: Schema,
  more: Record<string, Schema> = {},
  optional: readonly string[] = [],
): Schema {
  return object(
    {
      specversion: { const: '1.0' },
      id: text('Constant over retries; the same as webhook-id'),
      source: text('Who says it', { format: 'uri-reference' }),
      type: { const: type },
      time: text('When it happened, UTC', { format: 'date-time' }),
      datacontenttype: { const: 'application/json' },
      ...more,
      data,
    },
    optional,
  );
}

const fromHub = {
  subject: provider,
  sequence: text('The number, so that text order is number order'),
};

const Line: Schema = {
  ...object(
    {
      n: count('Position in the batch, from 1 without holes; given back in answers'),
      op: { enum: ['ADD', 'REMOVE'] },
      ref: text('The entry, opaque and constant; given back in answers', { maxLength: 64 }),
      seq: count('Number of the change; a higher one is newer'),
      access: { enum: ['MB', 'FB'] },
      line: text('E.164 with plus, or the provider’s circuit number'),
      package: text('What is free; absent in a REMOVE'),
      from: day('First day in Asia/Bangkok; absent in a REMOVE'),
      to: day('Last day, included; absent: no end'),
    },
    ['package', 'from', 'to'],
  ),
};

const range = {
  batch: count('The provider’s own number, 1..n without holes'),
  kind: { enum: ['delta', 'full'] },
  fromSeq: { type: 'integer', minimum: 0 },
  toSeq: { type: 'integer', minimum: 0 },
};

const LineOutcome: Schema = object(
  {
    n: count('Position that it speaks of'),
    ref: text('The ref of that position', { maxLength: 64 }),
    outcome: { enum: OUTCOME_WORDS },
    code: { enum: RESULT_CODE_ORDER, description: 'With rejected and retryLater; docs/result-codes.md' },
    retryAfter: { type: 'number', minimum: 0, description: 'Seconds, with retryLater' },
  },
  ['code', 'retryAfter'],
);

const Outcomes: Schema = object(
  {
    default: { enum: ['applied', 'already'], description: 'The word on every position that except does not list' },
    except: { type: 'array', items: { $ref: '#/components/schemas/LineOutcome' } },
    first: count('First position that default speaks of; absent: 1'),
    last: count('Last position that default speaks of; absent: the last of the batch'),
  },
  ['default', 'except', 'first', 'last'],
);

const flow = object({
  proto: { enum: ['tcp', 'udp', 'any'] },
  ports: { type: 'array', items: text('A port or a range, `3478-3481`') },
});
const destination = object({
  app: text('Application that it belongs to'),
  kind: { enum: ['cidr', 'domain', 'wildcard'] },
  value: text('CIDR without host bits, or a lower-case name'),
});
const destinationWithFlows = {
  ...destination,
  properties: { ...(destination['properties'] as object), flows: { type: 'array', items: flow } },
};

/** Shared parts, by name under `#/components/schemas`. */
export const PARTS: Record<string, Schema> = { Line, LineOutcome, Outcomes };

/** One message: which way it goes, how it is answered, and its schema. */
export interface MessageSpec {
  /** Name under `#/components/schemas`. */
  name: string;
  title: string;
  /** Said from the hub's side. */
  action: 'send' | 'receive';
  /** Address below the provider's target (send) or the hub (receive). */
  address: string;
  about: string;
  schema: Schema;
}

export const MESSAGES: readonly MessageSpec[] = [
  {
    name: 'BatchEvent',
    title: 'A part of a batch of whitelist changes, or of a full list',
    action: 'send',
    address: '/whitelist/batches',
    about:
      'Answered 200 with outcomes, 202, or 409 when the number is known; the same number is always the same bytes.',
    schema: event(
      'th.onde.saphan.whitelist.batch.v1',
      object({
        contract,
        provider,
        ...range,
        part: count('From 1'),
        parts: count('More than one only in a full list'),
        count: { type: 'integer', minimum: 0, description: 'Lines in this part' },
        lines: { type: 'array', items: { $ref: '#/components/schemas/Line' } },
      }),
      fromHub,
    ),
  },
  {
    name: 'AvailableEvent',
    title: 'There is something to fetch (profiles that pull)',
    action: 'send',
    address: '/whitelist/available',
    about: 'Holds no line. After it the provider reads its feed, see openapi.json.',
    schema: event(
      'th.onde.saphan.whitelist.available.v1',
      object(
        {
          contract,
          provider,
          ...range,
          count: { type: 'integer', minimum: 0 },
          sha256: sha256('Of all parts, one after another'),
          href: text('Where the feed is'),
          reminder: count('Present when it was told before and not fetched'),
        },
        ['reminder'],
      ),
      fromHub,
    ),
  },
  {
    name: 'DestinationsEvent',
    title: 'A version of the list of free destinations',
    action: 'send',
    address: '/destinations',
    about: 'The whole list, and what is different from the version acknowledged last.',
    schema: event(
      'th.onde.saphan.destinations.version.v1',
      object({
        contract,
        provider,
        version: count('YYYYMMDDNN'),
        since: { type: ['integer', 'null'], description: 'The version that added and removed are counted from' },
        effectiveFrom: text('From when it is free', { format: 'date-time' }),
        sha256: sha256('Of the content of the list'),
        count: { type: 'integer', minimum: 0 },
        destinations: { type: 'array', items: destinationWithFlows },
        added: { type: 'array', items: destinationWithFlows },
        removed: { type: 'array', items: destination },
      }),
      fromHub,
    ),
  },
  {
    name: 'OutcomesEvent',
    title: 'What became of the lines of a batch (profiles with callback)',
    action: 'receive',
    address: '/v1/providers/{code}/acknowledgements',
    about: 'Signed with the provider’s own secret; in parts, in any order, repeated as often as it likes.',
    schema: event(
      'th.onde.saphan.whitelist.outcomes.v1',
      object(
        {
          contract,
          provider,
          batch: count('The number that was received'),
          sha256: sha256('Of what was received under it, if the provider tells'),
          outcomes: { $ref: '#/components/schemas/Outcomes' },
        },
        ['sha256'],
      ),
      {},
      ['time', 'source', 'datacontenttype'],
    ),
  },
];
