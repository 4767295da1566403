// Whatever is done to a valid callback, signed anew or not, nothing moves that was not said validly of exactly that line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isResultCode } from '#contracts';
import { query } from '#platform';
import { getBit } from '../../../libs/acknowledgement/bits.js';
import { startCallbackHub, type CallbackHub } from '../callbacks/callback-kit.js';

const RUNS = Number(process.env['SAPHAN_MUTATIONS'] ?? 250);
const LINES = 12;

interface Item {
  n: number;
  ref: string;
  outcome: string;
  code?: string;
}
interface Body {
  data: { batch: number; outcomes: { default?: string; first?: number; last?: number; except: Item[] } };
}

/** One thing done to a body. */
type Mutation =
  | { do: 'shift'; by: number }
  | { do: 'swapRefs'; a: number; b: number }
  | { do: 'otherBatch'; to: number }
  | { do: 'foreignRef'; at: number }
  | { do: 'span'; first: number; last: number }
  | { do: 'word'; at: number; outcome: string }
  | { do: 'drop'; from: number; bytes: number }
  | { do: 'flip'; at: number; to: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ do: fc.constant('shift' as const), by: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ do: fc.constant('swapRefs' as const), a: fc.nat(LINES - 1), b: fc.nat(LINES - 1) }),
  fc.record({ do: fc.constant('otherBatch' as const), to: fc.nat(4) }),
  fc.record({ do: fc.constant('foreignRef' as const), at: fc.nat(LINES - 1) }),
  fc.record({
    do: fc.constant('span' as const),
    first: fc.integer({ min: 1, max: 16 }),
    last: fc.integer({ min: 1, max: 16 }),
  }),
  fc.record({
    do: fc.constant('word' as const),
    at: fc.nat(LINES - 1),
    outcome: fc.constantFrom('applied', 'already', 'rejected', 'retryLater', 'done'),
  }),
  fc.record({ do: fc.constant('drop' as const), from: fc.nat(2000), bytes: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constant('flip' as const), at: fc.nat(2000), to: fc.integer({ min: 32, max: 126 }) }),
);

function mutated(text: string, { mutations, refs }: { mutations: Mutation[]; refs: string[] }): string {
  let out = text;
  for (const one of mutations) {
    if (one.do === 'drop') out = out.slice(0, one.from % out.length) + out.slice((one.from % out.length) + one.bytes);
    else if (one.do === 'flip') {
      const at = one.at % out.length;
      out = out.slice(0, at) + String.fromCharCode(one.to) + out.slice(at + 1);
    } else {
      let body: Body;
      try {
        body = JSON.parse(out) as Body;
        change(body, one, refs);
      } catch {
        continue;
      }
      out = JSON.stringify(body);
    }
  }
  return out;
}

function change({ data }: Body, one: Mutation, refs: string[]): void {
  const { except } = data.outcomes;
  const item = (at: number): Item | undefined => except[at % Math.max(1, except.length)];
  if (one.do === 'shift') for (const each of except) each.n += one.by;
  else if (one.do === 'otherBatch') data.batch += one.to;
  else if (one.do === 'span') Object.assign(data.outcomes, { first: one.first, last: one.last });
  else if (one.do === 'foreignRef') {
    const it = item(one.at);
    if (it) it.ref = refs[one.at % refs.length] ?? '';
  } else if (one.do === 'word') {
    const it = item(one.at);
    if (it) it.outcome = one.outcome;
  } else if (one.do === 'swapRefs') {
    const [a, b] = [item(one.a), item(one.b)];
    if (a && b) [a.ref, b.ref] = [b.ref, a.ref];
  }
}

describe('mutated callbacks', () => {
  let kit: CallbackHub;
  /** Refs of each batch by position. */
  const sent = new Map<number, string[]>();
  /** Words that may have been heard: `batch/position/word`. */
  const said = new Set<string>();
  before(async () => {
    kit = await startCallbackHub();
    for (let i = 0; i < 4; i++) {
      for (const number of await kit.send(LINES))
        sent.set(
          number,
          (await kit.lines(number)).map(({ ref }) => ref),
        );
    }
  });
  after(() => kit.close());

  /** What a body says validly, judged apart from the hub's own readers. */
  function hear(text: string): void {
    let body: Body;
    try {
      body = JSON.parse(text) as Body;
    } catch {
      return;
    }
    const { batch, outcomes } = body.data ?? {};
    const refs = sent.get(batch);
    if (!refs || typeof outcomes !== 'object' || outcomes === null) return;
    const except = Array.isArray(outcomes.except) ? outcomes.except : [];
    const fitting = except.filter((one) => refs[one?.n - 1] === one?.ref);
    for (const { n, outcome, code } of fitting) {
      if (outcome === 'applied' || outcome === 'already') said.add(`${batch}/${n}/${outcome}`);
      else if (isResultCode(code)) said.add(`${batch}/${n}/${outcome}`);
    }
    const { default: word, first = 1, last = refs.length } = outcomes;
    if (fitting.length !== except.length || (word !== 'applied' && word !== 'already')) return;
    if (first < 1 || last > refs.length || first > last) return;
    const listed = new Set(except.map(({ n }) => n));
    for (let n = first; n <= last; n++) if (!listed.has(n)) said.add(`${batch}/${n}/${word}`);
  }

  /** What the hub has heard of every line. */
  async function heard(): Promise<string[]> {
    const result: string[] = [];
    for (const row of await query<{ number: number; said: string | null; lines: number }>(
      kit.hub.source,
      'SELECT number, said, line_count AS lines FROM batch WHERE said IS NOT NULL',
    )) {
      for (let n = 1; n <= row.lines; n++) result.push(`${row.number}/${n}/${row.said}`);
    }
    for (const { number, applied, already } of await query<{ number: number; applied: Buffer; already: Buffer }>(
      kit.hub.source,
      'SELECT number, applied, already FROM outcome_bits',
    )) {
      for (let n = 1; n <= 64; n++) {
        if (getBit(applied, n - 1)) result.push(`${number}/${n}/applied`);
        if (getBit(already, n - 1)) result.push(`${number}/${n}/already`);
      }
    }
    for (const { number, n, heard: words } of await query<{ number: number; n: number; heard: object }>(
      kit.hub.source,
      'SELECT number, n, heard FROM exception WHERE n IS NOT NULL',
    )) {
      for (const word of Object.keys(words)) result.push(`${number}/${n}/${word}`);
    }
    return result;
  }

  test(`${RUNS} of them move nothing that was not said`, async (context) => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        fc.array(fc.tuple(fc.nat(LINES - 1), fc.constantFrom('applied', 'rejected')), { maxLength: 4 }),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (which, items, mutations, signedAnew) => {
          const number = [...sent.keys()][which] ?? 0;
          const refs = sent.get(number) ?? [];
          const except = [...new Map(items).entries()].map(([at, outcome]) => ({
            n: at + 1,
            ref: refs[at] ?? '',
            outcome,
            ...(outcome === 'rejected' ? { code: 'PORTED_OUT' } : {}),
          }));
          // Without a default in most: else everything is soon said of every line.
          const outcomes = { ...(items.length === 4 ? { default: 'applied', first: 2, last: 3 } : {}), except };
          const valid = kit.event(number, outcomes);
          const body = mutated(valid, { mutations, refs: [...sent.values()].flat() });
          if (signedAnew || body === valid) hear(body);
          const answer = await kit.post({ body, ...(signedAnew ? {} : { signedBody: valid }) });
          assert.ok([202, 401, 409, 422].includes(answer.status), `${answer.status} ${JSON.stringify(answer.data)}`);
          if (!signedAnew && body !== valid) assert.equal(answer.status, 401);
          if (answer.status === 202) taken += 1;
          const strange = (await heard()).filter((one) => !said.has(one));
          assert.deepEqual(strange, [], `heard, and never said: ${body}`);
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    context.diagnostic(`${taken} of ${RUNS} were taken in part or whole; ${said.size} words were said validly`);
    assert.ok(taken > 10, 'some of them still say something');
  });
});
