// The suite that every adapter passes: the same cases, whatever transport, format and acknowledgement.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { HandOverResult, IncomingAnswer, ProviderAdapter } from '#contracts';
import { each, seal, testLines, type TestBatch } from './batches.js';
import { wordsOf, type Ability, type Counterpart, type Temper } from './counterpart.js';

export interface ConformanceCase {
  name: string;
  /** The case is run only when the provider can be turned to all of these. */
  needs: readonly (Temper | Ability)[];
  /** Throws an `AssertionError` whose words say what is wrong. */
  run(other: Counterpart): Promise<void>;
}

const calm = (): AbortSignal => new AbortController().signal;

function make(other: Counterpart, count: number): TestBatch {
  const number = other.nextNumber();
  const access = other.adapter.profile.accesses.includes('MB') ? 'MB' : 'FB';
  return seal(other.adapter, number, testLines(count, number, access));
}

function handOver(adapter: ProviderAdapter, made: TestBatch): Promise<HandOverResult> {
  return adapter.handOver(made.batch, each(made.parts), calm());
}

/** All that was said of a batch: in the answer to the hand-over, and by itself. */
function heard(other: Counterpart, result: HandOverResult, made: TestBatch): IncomingAnswer[] {
  const own: IncomingAnswer[] = [];
  if ((result.result === 'accepted' || result.result === 'known') && result.outcomes) {
    own.push({
      provider: made.batch.provider,
      number: made.batch.number,
      receipt: 'accepted',
      outcomes: result.outcomes,
    });
  }
  return [...own, ...other.answers()];
}

async function settled(
  other: Counterpart,
  result: HandOverResult,
  made: TestBatch,
): Promise<ReturnType<typeof wordsOf>> {
  const { number, lineCount } = made.batch;
  const words = (): ReturnType<typeof wordsOf> => wordsOf(heard(other, result, made), number, lineCount);
  if (words().size < lineCount) await other.until(() => words().size >= lineCount);
  return words();
}

/** What the provider calls the entries of a batch, by ref. */
function handlesIn(words: ReturnType<typeof wordsOf>): Map<string, string> {
  return new Map([...words.values()].flatMap((one) => (one.handle ? [[one.ref, one.handle] as const] : [])));
}

function expectWord(result: HandOverResult, ...words: HandOverResult['result'][]): void {
  const detail = 'detail' in result ? ` (${result.detail})` : '';
  assert.ok(
    words.includes(result.result),
    `the hand-over ended as ${result.result}${detail}, expected was ${words.join(' or ')}`,
  );
}

/** A status query may come while the provider is still busy with what we sent; it is asked until it has an answer. */
async function askUntil(
  other: Counterpart,
  made: TestBatch,
  wanted: 'has' | 'hasNot',
): Promise<Awaited<ReturnType<ProviderAdapter['ask']>>> {
  let answer = await other.adapter.ask(made.batch, calm());
  for (let i = 0; i < 100 && answer.answer !== wanted; i++) {
    await pause(20);
    answer = await other.adapter.ask(made.batch, calm());
  }
  assert.equal(answer.answer, wanted, `asked about the batch, the answer is ${JSON.stringify(answer)}`);
  return answer;
}

/** The cases for a provider that can be turned to these tempers. */
export function conformanceFor(tempers: readonly (Temper | Ability)[]): ConformanceCase[] {
  return CONFORMANCE.filter((one) => one.needs.every((temper) => tempers.includes(temper)));
}

const CONFORMANCE: readonly ConformanceCase[] = [
  {
    name: 'good: a batch arrives byte for byte, and every line is answered',
    needs: ['good'],
    async run(other) {
      const made = make(other, 5);
      const result = await handOver(other.adapter, made);
      expectWord(result, 'accepted');
      const words = await settled(other, result, made);
      assert.deepEqual(
        [...words.values()].map((one) => one.outcome),
        Array(5).fill('applied'),
      );
      assert.equal(await other.holds(made.batch.number), made.batch.sha256, 'the provider received other bytes');
    },
  },
  {
    name: 'good: additions and removals of the same entries in the next batch',
    needs: ['good'],
    async run(other) {
      const made = make(other, 4);
      const words = await settled(other, await handOver(other.adapter, made), made);
      const number = other.nextNumber();
      const handles = handlesIn(words);
      const removals = made.lines.map((line) => ({
        ...line,
        handle: handles.get(line.ref) ?? null,
        op: 'REMOVE' as const,
        seq: line.seq + 100,
        package: null,
        from: null,
        to: null,
      }));
      const next = seal(other.adapter, number, removals);
      const after = await settled(other, await handOver(other.adapter, next), next);
      assert.deepEqual(
        [...after.values()].map((one) => one.outcome),
        Array(4).fill('applied'),
      );
    },
  },
  {
    name: 'repeated: the same batch again is recognised',
    needs: ['good'],
    async run(other) {
      const made = make(other, 3);
      expectWord(await handOver(other.adapter, made), 'accepted');
      const again = await handOver(other.adapter, made);
      expectWord(again, 'known');
      if (again.result === 'known') assert.equal(again.sha256 ?? made.batch.sha256, made.batch.sha256);
    },
  },
  {
    name: 'repeated: the same number with other content is never taken',
    needs: ['good'],
    async run(other) {
      const made = make(other, 3);
      const result = await handOver(other.adapter, made);
      await settled(other, result, made);
      const changed = seal(other.adapter, made.batch.number, made.lines.slice(0, 2));
      const again = await handOver(other.adapter, changed);
      // One that tells no hash can at best leave it open, which asks a person in the end.
      expectWord(again, 'known', 'unclear');
      if (again.result === 'known' && again.sha256 !== null)
        assert.equal(again.sha256, made.batch.sha256, 'its hash does not tell the two apart');
      assert.equal(await other.holds(made.batch.number), made.batch.sha256);
    },
  },
  {
    name: 'reordered: two batches in the wrong order are both answered',
    needs: ['good'],
    async run(other) {
      const first = make(other, 2);
      const second = make(other, 2);
      const late = await handOver(other.adapter, second);
      const early = await handOver(other.adapter, first);
      assert.equal((await settled(other, early, first)).size, 2);
      assert.equal((await settled(other, late, second)).size, 2);
    },
  },
  {
    name: 'large: a batch as large as the profile allows, up to 5,000 lines',
    needs: ['good'],
    async run(other) {
      const made = make(other, Math.min(5_000, other.adapter.profile.maxLines));
      const result = await handOver(other.adapter, made);
      expectWord(result, 'accepted');
      assert.equal((await settled(other, result, made)).size, made.batch.lineCount);
      assert.equal(await other.holds(made.batch.number), made.batch.sha256);
    },
  },
  {
    name: 'large: a full list in three parts is one batch',
    needs: ['good', 'takesFullLists'],
    async run(other) {
      const number = other.nextNumber();
      const access = other.adapter.profile.accesses[0]!;
      const made = seal(other.adapter, number, testLines(30, number, access), 'full', 3);
      const result = await handOver(other.adapter, made);
      expectWord(result, 'accepted');
      assert.equal((await settled(other, result, made)).size, 30);
      const again = await handOver(other.adapter, made);
      expectWord(again, 'known');
    },
  },
  {
    name: 'rejected: lines come back with position, ref and code',
    needs: ['good', 'rejects'],
    async run(other) {
      other.turn('rejects');
      const made = make(other, 60);
      const words = await settled(other, await handOver(other.adapter, made), made);
      const rejected = [...words.values()].filter((one) => one.outcome === 'rejected');
      assert.ok(rejected.length > 0 && rejected.length < 60, `${rejected.length} of 60 were rejected`);
      for (const one of rejected) {
        assert.equal(one.ref, made.lines[one.n - 1]!.ref, `position ${one.n} came back with another ref`);
        assert.ok(one.code, `position ${one.n} came back without a code`);
      }
    },
  },
  {
    name: 'refused: a batch that is refused as a whole says so, and holds nothing',
    needs: ['good', 'refuses'],
    async run(other) {
      other.turn('refuses');
      const made = make(other, 3);
      const result = await handOver(other.adapter, made);
      if (result.result === 'refused') return;
      expectWord(result, 'accepted');
      await other.until((answers) =>
        answers.some((one) => one.number === made.batch.number && one.receipt === 'refused'),
      );
    },
  },
  {
    name: 'lost: the answer is lost, the batch is there; asking tells',
    needs: ['good', 'losesAnswer'],
    async run(other) {
      other.turn('losesAnswer');
      const made = make(other, 3);
      expectWord(await handOver(other.adapter, made), 'unclear');
      other.turn('good');
      const answer = await askUntil(other, made, 'has');
      if (answer.answer === 'has' && answer.sha256 !== null) assert.equal(answer.sha256, made.batch.sha256);
    },
  },
  {
    name: 'lost: the request is lost, the batch is not there; asking tells',
    needs: ['good', 'losesRequest'],
    async run(other) {
      other.turn('losesRequest');
      const made = make(other, 3);
      expectWord(await handOver(other.adapter, made), 'unclear', 'notSent');
      other.turn('good');
      await askUntil(other, made, 'hasNot');
      assert.equal(await other.holds(made.batch.number), null);
      expectWord(await handOver(other.adapter, made), 'accepted');
    },
  },
  {
    name: 'lost: a provider that hangs is left within the limit, as unclear',
    needs: ['good', 'hangs'],
    async run(other) {
      other.turn('hangs');
      const made = make(other, 3);
      const began = performance.now();
      expectWord(await handOver(other.adapter, made), 'unclear');
      const limit = other.adapter.profile.transport.timeoutMs;
      assert.ok(performance.now() - began < limit * 4 + 1_000, `it took longer than its limit of ${limit} ms allows`);
      other.turn('good');
      await askUntil(other, made, 'has');
    },
  },
  {
    name: 'busy: "later" is heard as later',
    needs: ['good', 'busy'],
    async run(other) {
      other.turn('busy');
      const made = make(other, 2);
      expectWord(await handOver(other.adapter, made), 'later');
      other.turn('good');
      expectWord(await handOver(other.adapter, made), 'accepted');
    },
  },
  {
    name: 'forbidden: refused credentials need a person',
    needs: ['good', 'forbids'],
    async run(other) {
      other.turn('forbids');
      const adapter = other.stranger();
      try {
        expectWord(await handOver(adapter, make(other, 2)), 'forbidden');
      } finally {
        await adapter.close();
      }
    },
  },
  {
    name: 'badly signed: a hub with a wrong key gets nothing in',
    needs: ['good', 'checksKeys'],
    async run(other) {
      const adapter = other.stranger();
      const made = make(other, 2);
      try {
        expectWord(await handOver(adapter, made), 'forbidden');
      } finally {
        await adapter.close();
      }
      assert.equal(await other.holds(made.batch.number), null);
    },
  },
  {
    name: 'malformed: nonsense for an answer is never taken for a yes or a no',
    needs: ['good', 'talksNonsense'],
    async run(other) {
      other.turn('talksNonsense');
      const made = make(other, 2);
      expectWord(await handOver(other.adapter, made), 'unclear');
    },
  },
  {
    name: 'asked: the highest number is the last that it has',
    needs: ['good', 'tellsHighest'],
    async run(other) {
      const made = make(other, 1);
      expectWord(await handOver(other.adapter, made), 'accepted');
      const highest = await other.adapter.highestNumber(made.batch.number - 1, calm());
      assert.equal(highest.said === 'number' ? highest.number : highest.said, made.batch.number);
    },
  },
  {
    name: 'asked: a number that was never sent is not there',
    needs: ['good'],
    async run(other) {
      await askUntil(other, make(other, 1), 'hasNot');
    },
  },
];
