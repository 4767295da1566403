// The examples of docs/providers/contract.md about messages; those about files are in the module of the file styles.
import assert from 'node:assert/strict';
import { cloudEvents } from '../../../libs/adapters/formats/cloudevents.js';
import { readCallbackEvent, readOutcomes } from '../../../libs/adapters/formats/outcomes-json.js';
import { Complaints } from '../../../libs/adapters/formats/reading.js';
import type { BatchLine } from '#contracts';
import type { Examples } from '../webhook-examples.js';

const ref = (i: number): string => `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0c${i}`;
const FIRST: BatchLine = {
  n: 1,
  op: 'ADD',
  ref: ref(1),
  seq: 40_001,
  access: 'MB',
  line: '+66812345678',
  package: 'WAH-MB',
  from: '2020-03-19',
  to: '2020-06-30',
};

export const EXAMPLES: Examples = {
  'contract-outcomes'(text) {
    const complaints = new Complaints();
    const outcomes = readOutcomes(JSON.parse(text), { first: 1, last: 1_000 }, complaints);
    complaints.settle();
    assert.equal(outcomes?.except.length, 1);
  },
  'contract-batch'(text) {
    const sealedAt = new Date('2020-03-18T17:05:10Z');
    const header = { number: 42, kind: 'delta', fromSeq: 40_001, toSeq: 41_000, part: 1, parts: 1, count: 2 } as const;
    const lines: BatchLine[] = [
      FIRST,
      { ...FIRST, n: 2, op: 'REMOVE', ref: ref(2), seq: 40_002, access: 'FB', line: '8801234567' },
    ];
    const rendered = cloudEvents.render({ provider: 'AIS', sealedAt, ...header }, lines);
    assert.deepEqual(JSON.parse(text), JSON.parse(rendered.toString()));
  },
  'contract-callback'(text) {
    const { batch } = readCallbackEvent(Buffer.from(text), 'TRUE', new Date('2020-03-18T17:07:00Z'));
    assert.equal(batch, 42);
  },
};
