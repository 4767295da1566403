import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BatchHeader, BatchLine } from '#contracts';
import { cloudEvents, partId } from './cloudevents.js';

const header: BatchHeader = {
  provider: 'AIS',
  number: 42,
  kind: 'delta',
  fromSeq: 40_001,
  toSeq: 41_000,
  part: 1,
  parts: 1,
  count: 2,
  sealedAt: new Date('2020-03-18T17:05:10.000Z'),
};
const lines: BatchLine[] = [
  {
    n: 1,
    op: 'ADD',
    ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c1',
    seq: 40_001,
    access: 'MB',
    line: '+66812345678',
    package: 'WAH-MB',
    from: '2020-03-19',
    to: '2020-06-30',
  },
  {
    n: 2,
    op: 'REMOVE',
    ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c2',
    seq: 40_002,
    access: 'FB',
    line: '8801234567',
    package: 'WAH-FB',
    from: '2020-03-19',
    to: null,
  },
];

const anyLine: fc.Arbitrary<BatchLine> = fc.record({
  n: fc.integer({ min: 1, max: 1e9 }),
  op: fc.constantFrom('ADD' as const, 'REMOVE' as const),
  ref: fc.string({ unit: 'binary' }),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  access: fc.constantFrom('MB' as const, 'FB' as const),
  line: fc.string({ unit: 'binary' }),
  package: fc.option(fc.string({ unit: 'grapheme' })),
  from: fc.option(fc.string()),
  to: fc.option(fc.string()),
});

describe('a batch as a CloudEvent', () => {
  test('is the example of the contract', () => {
    assert.deepEqual(JSON.parse(cloudEvents.render(header, lines).toString()), {
      specversion: '1.0',
      id: 'AIS-000000042-1',
      source: 'urn:saphan:hub',
      type: 'th.onde.saphan.whitelist.batch.v1',
      subject: 'AIS',
      time: '2020-03-18T17:05:10.000Z',
      datacontenttype: 'application/json',
      sequence: '000000042',
      data: {
        contract: '1.0',
        provider: 'AIS',
        batch: 42,
        kind: 'delta',
        part: 1,
        parts: 1,
        fromSeq: 40_001,
        toSeq: 41_000,
        count: 2,
        lines: [
          lines[0],
          {
            n: 2,
            op: 'REMOVE',
            ref: '0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c2',
            seq: 40_002,
            access: 'FB',
            line: '8801234567',
          },
        ],
      },
    });
  });

  test('reads back as what went in, whatever the fields hold, and is the same every time', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 8 }), (some) => {
        const bytes = cloudEvents.render(header, some);
        assert.deepEqual(bytes, cloudEvents.render(header, structuredClone(some)));
        const read = (JSON.parse(bytes.toString()) as { data: { lines: Record<string, unknown>[] } }).data.lines;
        // A lone surrogate has no UTF-8; JSON writes it as an escape, so it survives too.
        assert.deepEqual(
          read,
          some.map(({ op, package: name, from, to, ...rest }) => ({
            ...rest,
            op,
            ...(op === 'ADD' && name !== null ? { package: name } : {}),
            ...(op === 'ADD' && from !== null ? { from } : {}),
            ...(op === 'ADD' && to !== null ? { to } : {}),
          })),
        );
      }),
    );
  });

  test('more lines than one chunk', () => {
    const many = Array.from({ length: 4_001 }, (_, i) => ({ ...lines[0]!, n: i + 1 }));
    const read = JSON.parse(cloudEvents.render(header, many).toString()) as { data: { lines: { n: number }[] } };
    assert.deepEqual(
      read.data.lines.map((one) => one.n),
      many.map((one) => one.n),
    );
  });

  test('the id has no full stop, which the signature uses as separator', () => {
    assert.equal(partId({ provider: '3BB', number: 7, part: 12 }), '3BB-000000007-12');
  });
});
