// docs/asyncapi.json is current, is AsyncAPI 3, and describes what the hub really sends and takes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import specs from '@asyncapi/specs';
import { Ajv, type AnySchema } from 'ajv';
import formats from 'ajv-formats';
import type { BatchLine, DestinationVersion } from '#contracts';
import { renderDestinationsEvent } from '../../../libs/adapters/destinations/render-event.js';
import { cloudEvents } from '../../../libs/adapters/formats/cloudevents.js';
import { readCallbackEvent } from '../../../libs/adapters/formats/outcomes-json.js';
import { renderThinEvent } from '../../../libs/adapters/pull/thin-event.js';
import { testLines } from '../../../libs/adapters/conformance/batches.js';
import { describeEvents } from './asyncapi.js';
import { MESSAGES } from './message-schemas.js';
import { ASYNCAPI_FILE, asyncApiText } from './write-asyncapi.js';

const AT = new Date('2020-03-18T17:05:10Z');
const document = describeEvents();

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: 'events', ...document });

function expectFits(name: string, message: unknown): void {
  const valid = ajv.validate({ $ref: `events#/components/schemas/${name}` }, message);
  assert.ok(valid, `${name}: ${ajv.errorsText(ajv.errors)}`);
}
function expectRefused(name: string, message: unknown, why: RegExp): void {
  assert.ok(!ajv.validate({ $ref: `events#/components/schemas/${name}` }, message), `${name} took it`);
  assert.match(ajv.errorsText(ajv.errors), why);
}

const lines: BatchLine[] = testLines(3, 1, 'MB').map((line, i) => (i === 1 ? { ...line, op: 'REMOVE' } : line));
const header = {
  provider: 'AIS',
  number: 42,
  kind: 'delta',
  fromSeq: 1,
  toSeq: 3,
  part: 1,
  parts: 1,
  count: 3,
} as const;
const batch = JSON.parse(cloudEvents.render({ ...header, sealedAt: AT }, lines).toString()) as {
  data: Record<string, unknown>;
};

test('docs/asyncapi.json is current', () => {
  assert.ok(
    asyncApiText() === readFileSync(ASYNCAPI_FILE, 'utf8'),
    'docs/asyncapi.json differs from the code; write it anew: npm run build && node dist/apps/api/docs/write-asyncapi.js',
  );
});

test('it is a document of AsyncAPI 3.0.0, by its own schema', () => {
  const schema = specs.schemasWithoutId['3.0.0'] as AnySchema;
  const judge = new Ajv({ strict: false, allErrors: false, validateFormats: false });
  const validate = judge.compile(schema);
  assert.ok(validate(document), judge.errorsText(validate.errors));
  assert.ok(!validate({ ...document, channels: 'none' }), 'the schema takes anything');
});

test('every operation leads to a channel, a message and a schema that are there', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((found) => found[1]!);
  assert.ok(refs.length > MESSAGES.length * 4);
  for (const ref of refs) {
    let at: unknown = document;
    for (const name of ref.split('/')) at = (at as Record<string, unknown>)[name];
    assert.ok(at, `#/${ref} is not there`);
  }
});

test('a batch as it is rendered', () => {
  expectFits('BatchEvent', batch);
  expectRefused('BatchEvent', { ...batch, data: { ...batch.data, batch: 0 } }, /batch must be >= 1/);
  expectFits('BatchEvent', { ...batch, later: true });
});

test('the event that there is something to fetch, as it is rendered', () => {
  const sealed = {
    provider: '3BB',
    number: 7,
    kind: 'delta',
    fromSeq: 1,
    toSeq: 9,
    lineCount: 9,
    sealedAt: AT,
  } as const;
  for (const reminder of [0, 2]) {
    const rendered = renderThinEvent({ ...sealed, sha256: 'a'.repeat(64) }, '/v1/feed/3BB', reminder);
    expectFits('AvailableEvent', JSON.parse(rendered.toString()));
  }
  expectRefused('AvailableEvent', batch, /type must be equal to constant/);
});

test('a version of the destinations, as it is rendered', () => {
  const entry = {
    app: 'line',
    kind: 'cidr',
    value: '203.104.128.0/20',
    flows: [{ proto: 'tcp', ports: ['443'] }],
  } as const;
  const whole = { ...entry, flows: [{ proto: 'tcp' as const, ports: ['443'] }], sources: [] };
  const version: DestinationVersion = {
    version: 2020032501,
    since: null,
    effectiveAt: AT,
    publishedAt: AT,
    sha256: 'b'.repeat(64),
    entries: [whole],
    added: [whole],
    removed: [whole],
  };
  expectFits('DestinationsEvent', JSON.parse(renderDestinationsEvent('AIS', version).toString()));
});

test('a callback that fits is read, and what is read fits', () => {
  const callback = {
    specversion: '1.0',
    id: 'x',
    type: 'th.onde.saphan.whitelist.outcomes.v1',
    data: {
      contract: '1.0',
      provider: 'TRUE',
      batch: 42,
      outcomes: {
        default: 'applied',
        except: [
          { n: 1, ref: 'r', outcome: 'rejected', code: 'PORTED_OUT' },
          { n: 2, ref: 's', outcome: 'retryLater', code: 'QUOTA', retryAfter: 60 },
        ],
        first: 1,
        last: 3,
      },
    },
  };
  expectFits('OutcomesEvent', callback);
  assert.equal(readCallbackEvent(Buffer.from(JSON.stringify(callback)), 'TRUE', AT).batch, 42);
  const wrong = structuredClone(callback);
  wrong.data.outcomes.except[0]!.outcome = 'done';
  expectRefused('OutcomesEvent', wrong, /outcome must be equal to one of the allowed values/);
  assert.throws(() => readCallbackEvent(Buffer.from(JSON.stringify(wrong)), 'TRUE', AT), /outcome/);
});
