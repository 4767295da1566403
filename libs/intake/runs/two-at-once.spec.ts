// Order of chunks, whatever the timing: committed one after another, two at most at once, and none after a failure or stop.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TwoAtOnce, type Place, type Turn } from './two-at-once.js';

/** Lets everything that can go on do so, some turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** How one chunk of the model behaves: turns spent in each phase, and what befalls it. */
interface Behaviour {
  lines: number;
  derive: number;
  fate: 'well' | 'beginsAnewOnce' | 'fails' | 'stops';
}

describe('two chunks at once', () => {
  async function play(
    chunks: Behaviour[],
  ): Promise<{ committed: number[]; most: number; fault: string | null; end: Turn | 'failed' }> {
    const committed: number[] = [];
    const seen = { most: 0, fault: null as string | null };
    const inLines = new Set<number>();
    const open = new Set<number>();
    const holding = new Set<number>();
    const orderly = chunks.every(({ fate }) => fate !== 'beginsAnewOnce');
    let end: Turn | 'failed' = 'goOn';
    const line = new TwoAtOnce();
    const work = (n: number, { lines, derive, fate }: Behaviour) => {
      let attempts = 0;
      const attempt = async (place: Place): Promise<Turn> => {
        attempts += 1;
        open.add(n);
        seen.most = Math.max(seen.most, open.size);
        inLines.add(n);
        if (orderly && inLines.size > 1) seen.fault ??= `chunks ${[...inLines].join(' and ')} lock lines together`;
        try {
          await turns(lines);
          // The worst that can be: a chunk that begins anew needs lines that a later one holds.
          for (let waited = 0; [...holding].some((each) => each > n); waited++) {
            if (waited > 200) throw new Error(`chunk ${n} hangs`);
            await turns(1);
          }
          holding.add(n);
          inLines.delete(n);
          place.linesLocked();
          await place.waitForTurn();
          if (committed.length !== n) seen.fault ??= `chunk ${n} has its turn after ${committed.length}`;
          await turns(derive);
          if (fate === 'fails') throw new Error(`chunk ${n}`);
          if (fate === 'beginsAnewOnce' && attempts === 1) throw new RangeError('deadlock');
          committed.push(n);
          return fate === 'stops' ? 'stop' : 'goOn';
        } catch (error) {
          holding.delete(n);
          place.failed();
          inLines.delete(n);
          open.delete(n);
          if (error instanceof RangeError) return attempt(place);
          throw error;
        } finally {
          holding.delete(n);
          open.delete(n);
        }
      };
      return attempt;
    };
    try {
      for (const [n, behaviour] of chunks.entries()) {
        if ((await line.begin(work(n, behaviour))) === 'stop') break;
      }
      end = await line.end();
    } catch {
      await line.end().catch(() => undefined);
      end = 'failed';
    }
    if (open.size > 0) seen.fault ??= 'something is still being written after the end';
    return { committed, ...seen, end };
  }

  const behaviour = fc.record({
    lines: fc.integer({ min: 0, max: 4 }),
    derive: fc.integer({ min: 0, max: 4 }),
    fate: fc.oneof(
      { weight: 8, arbitrary: fc.constant('well' as const) },
      { weight: 2, arbitrary: fc.constant('beginsAnewOnce' as const) },
      { weight: 1, arbitrary: fc.constantFrom('fails' as const, 'stops' as const) },
    ),
  });

  test('any timing, failures, new beginnings and stops: in order, nothing skipped, nothing after the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(behaviour, { maxLength: 12 }), async (chunks) => {
        const { committed, most, fault, end } = await play(chunks);
        const last = chunks.findIndex(({ fate }) => fate === 'fails' || fate === 'stops');
        const fate = chunks[last]?.fate;
        assert.equal(fault, null);
        assert.ok(most <= 2);
        assert.equal(end, fate === 'fails' ? 'failed' : fate === 'stops' ? 'stop' : 'goOn');
        const wanted = last < 0 ? chunks.length : fate === 'fails' ? last : last + 1;
        assert.deepEqual(
          committed,
          Array.from({ length: wanted }, (_, n) => n),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('the next one writes its lines while this one is derived', async () => {
    const { most, committed } = await play(
      Array.from({ length: 5 }, () => ({ lines: 2, derive: 3, fate: 'well' as const })),
    );
    assert.equal(most, 2);
    assert.equal(committed.length, 5);
  });
});
