// The columnar book against a plain Map, digests, undo, and the way lines are packed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Book, sha256 } from './book.js';
import { packedNumber, packLine, unpackLine } from './line-codec.js';
import { UndoLog } from './undo.js';

const refs = fc.oneof(
  fc.integer({ min: 0, max: 30 }).map((i) => `0198f0c2-7a31-7c55-8d2f-0a4be1a5b0${String(i).padStart(2, '0')}`),
  fc.integer({ min: 0, max: 9 }).map((i) => `0198F0C2-7A31-7C55-8D2F-0A4BE1A5B0${String(i).padStart(2, '0')}`),
  fc.constantFrom('x', 'opaque-ref', '0198f0c2-7a31-7c55-8d2f-0a4be1a5b00ก'),
);
const lines = fc.oneof(
  fc.integer({ min: 10_000_000, max: 999_999_999 }).map((i) => `+66${i}`),
  fc.constantFrom('8801234567', '0000001', '1', 'CKT/22-01', '123456789012345', '1234567890123456', '+0123', '+'),
);
const step = fc.record({
  op: fc.constantFrom('put', 'remove', 'touch'),
  ref: refs,
  line: lines,
  pack: fc.constantFrom('A', 'B'),
  seq: fc.nat(),
});

interface Held {
  line: string;
  pack: string;
  seq: number;
}

function play(
  book: Book,
  model: Map<string, Held>,
  one: { op: string; ref: string; line: string; pack: string; seq: number },
  log?: UndoLog,
): void {
  if (one.op === 'remove') {
    book.remove(one.ref, one.seq, log);
    model.delete(one.ref);
  } else if (one.op === 'put') {
    book.put(one.ref, one.line, book.terms.idOf('MB', one.pack, '2020-03-19', undefined), one.seq, log);
    model.set(one.ref, { line: one.line, pack: one.pack, seq: one.seq });
  } else if (model.has(one.ref)) {
    book.touch(book.find(one.ref), one.seq, log);
    model.get(one.ref)!.seq = one.seq;
  }
}

function compare(book: Book, model: Map<string, Held>): void {
  assert.equal(book.count, model.size);
  assert.deepEqual(book.sortedRefs(), [...model.keys()].toSorted());
  for (const [ref, held] of model) {
    assert.deepEqual(book.get(ref), {
      ref,
      line: held.line,
      access: 'MB',
      package: held.pack,
      from: '2020-03-19',
      to: undefined,
      seq: held.seq,
    });
  }
}

function numbered(i: number): string {
  return `${i.toString(16).padStart(8, '0')}-0000-7000-8000-000000000000`;
}

describe('book', () => {
  test('is a Map of refs, whatever is done to it, before and after it was saved', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const book = new Book();
        const model = new Map<string, Held>();
        for (const one of steps) play(book, model, one);
        compare(book, model);
        compare(Book.load(structuredClone(book.save())), model);
      }),
    );
  });

  test('goes back to what it was', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(step, { maxLength: 60 }), (before, after) => {
        const book = new Book();
        const model = new Map<string, Held>();
        for (const one of before) play(book, model, one);
        const log = new UndoLog();
        const spoilt = structuredClone(model);
        for (const one of after) play(book, spoilt, one, log);
        log.rollBack(book);
        compare(book, model);
      }),
    );
  });

  test('keeps 20,000 lines apart through every growth', () => {
    const book = new Book();
    const id = book.terms.idOf('MB', 'A', '2020-03-19', '2020-06-30');
    for (let i = 0; i < 20_000; i++) book.put(numbered(i), `+668${10_000_000 + i}`, id, i + 1);
    assert.equal(book.count, 20_000);
    for (let i = 0; i < 20_000; i++) assert.equal(book.get(numbered(i))?.line, `+668${10_000_000 + i}`);
  });

  test('has the digest that its definition says, in any order', () => {
    const [a, b] = [new Book(), new Book()];
    a.put('one', '+66812345678', a.terms.idOf('MB', 'P', '2020-03-19', undefined), 5);
    a.put('two', '88012', a.terms.idOf('FB', 'Q', '2020-03-19', '2020-04-01'), 6);
    b.put('two', '88012', b.terms.idOf('FB', 'Q', '2020-03-19', '2020-04-01'), 7);
    b.put('gone', '1', b.terms.idOf('FB', 'Q', '2020-03-19', '2020-04-01'), 8);
    b.put('one', '+66812345678', b.terms.idOf('MB', 'P', '2020-03-19', undefined), 9);
    b.remove('gone', 10);
    const parts = ['one|MB|+66812345678|P|2020-03-19|', 'two|FB|88012|Q|2020-03-19|2020-04-01'].map((text) =>
      BigInt(`0x${sha256(text)}`),
    );
    const expected = (parts[0]! ^ parts[1]!).toString(16).padStart(64, '0');
    assert.equal(a.digest(false), expected);
    assert.equal(b.digest(false), expected);
    assert.notEqual(a.digest(true), b.digest(true));
  });

  test('refuses terms that cannot be', () => {
    const { terms } = new Book();
    assert.equal(terms.idOf('MB', 'P', '2563-03-19', undefined), -1, 'a Buddhist year');
    assert.equal(terms.idOf('MB', 'P', '2020-02-30', undefined), -1);
    assert.equal(terms.idOf('MB', 'P', '2020-03-19', '2020-03-18'), -1, 'ends before it begins');
    assert.equal(terms.idOf('XX', 'P', '2020-03-19', undefined), -1);
    assert.equal(terms.idOf('MB', undefined, '2020-03-19', undefined), -1);
    assert.equal(terms.idOf('MB', 'P', '2020-03-19', '2020-03-19'), 0);
  });
});

test('a line is packed without loss or left alone', () => {
  fc.assert(
    fc.property(fc.oneof(lines, fc.string()), (line) => {
      const form = packLine(line);
      if (form !== 255) assert.equal(unpackLine(form, packedNumber), line);
    }),
  );
});
