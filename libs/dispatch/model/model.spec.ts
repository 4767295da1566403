// Hub and providers at random: whatever goes wrong on the way, every seed ends with the right list at the provider.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runSeed } from './run.js';
import type { RunResult } from './setting.js';
import type { Temperament } from './temperament.js';

const SEEDS = process.env.SAPHAN_LONG ? 10_000 : 1_000;
/** SAPHAN_SEED=n repeats one seed; what a failure prints is enough to see it again. */
const ONLY = process.env.SAPHAN_SEED ? Number(process.env.SAPHAN_SEED) : null;

describe('the model of hub and providers', () => {
  test('every seed converges and keeps the properties of DESIGN section 9', (t) => {
    const first = ONLY ?? 1;
    const results: RunResult[] = [];
    const broken: string[] = [];
    for (let seed = first; seed < first + (ONLY === null ? SEEDS : 1); seed++) {
      try {
        results.push(runSeed(seed));
      } catch (error) {
        broken.push(error instanceof Error ? error.message : String(error));
      }
    }
    assert.deepEqual(broken, [], 'repeat one with SAPHAN_SEED=<seed>');
    if (ONLY !== null) return;
    t.diagnostic(
      `${results.length} seeds, ${sum(results, (r) => r.batches)} batches, ${sum(results, (r) => r.changes)} changes`,
    );
    meetsEverything(results);
    staysCertain(results);
  });

  test('the same seed gives the same run', () => {
    assert.deepEqual(runSeed(7), runSeed(7));
  });

  test('in calm nothing is uncertain, whatever the provider', () => {
    // Slowly enough that no provider falls behind its own deadline.
    const calm = { killed: ALWAYS_ALIVE, stopped: ALWAYS_ALIVE, calm: true, pace: 60 };
    for (let seed = 1; seed <= 100; seed++) assert.equal(runSeed(seed, undefined, calm).uncertain, 0, `seed ${seed}`);
  });
});

const ALWAYS_ALIVE = { leased: 0, decided: 0, attemptRecorded: 0, handedOver: 0, asked: 0, recorded: 0, givenUp: 0 };

/** A model that never meets a case proves nothing about it. */
function meetsEverything(results: RunResult[]): void {
  const each: { [K in keyof Temperament]?: readonly Temperament[K][] } = {
    order: ['arrival', 'sideBySide', 'number', 'newerSeqs'],
    duplicates: ['appliesAgain', 'recognises', 'recognisesHighest', 'refusesUpToHighest'],
    answers: ['response', 'callback'],
    wavers: ['never', 'provisional', 'contradicts'],
    refusal: ['byLine', 'whole', 'wholeLate'],
    canBeAsked: [true, false],
    slow: [true, false],
    persistent: [true, false],
  };
  for (const [key, values] of Object.entries(each)) {
    for (const value of values) {
      const met = results.filter((result) => result.temperament[key as keyof Temperament] === value).length;
      assert.ok(met >= results.length / 50, `only ${met} runs have ${key} ${String(value)}`);
    }
  }
  for (const end of ['settled', 'refused', 'closed'] as const) {
    assert.ok(sum(results, (result) => result.ends[end] ?? 0) > 50, `hardly a batch ended ${end}`);
  }
  for (const fault of ['leased', 'decided', 'attemptRecorded', 'handedOver', 'asked', 'recorded', 'givenUp']) {
    for (const kind of ['killed', 'stopped']) {
      assert.ok(
        sum(results, (result) => result.faults[`${kind} ${fault}`] ?? 0) > 0,
        `no worker was ever ${kind} ${fault}`,
      );
    }
  }
  assert.ok(sum(results, (result) => result.pushed) > 100, 'hardly anything was pushed ahead');
  assert.ok(sum(results, (result) => result.empty) > 20, 'hardly a proof of life was sent');
  assert.ok(sum(results, (result) => result.fullLists) > 100, 'hardly a full list was sent');
  assert.ok(
    sum(results, (result) => result.rejected) > 20 && sum(results, (result) => result.uncertain) > 20,
    'hardly a named reason',
  );
}

/** Uncertain is for those who can neither refuse nor be asked (or went silent): elsewhere it must stay rare. */
function staysCertain(results: RunResult[]): void {
  const helpless = results.filter(
    ({ temperament }) => temperament.duplicates === 'appliesAgain' && !temperament.canBeAsked,
  );
  const helpful = results.filter(
    ({ temperament: t }) => t.duplicates !== 'appliesAgain' && t.canBeAsked && !t.slow && t.wavers === 'never',
  );
  const share = (some: RunResult[]) => some.filter((result) => result.uncertain > 0).length / some.length;
  assert.ok(share(helpless) > 0.02, 'a provider that neither refuses nor can be asked never ended uncertain');
  assert.ok(
    share(helpful) < share(helpless) / 2,
    `${share(helpful)} of the helpful ended uncertain, ${share(helpless)} of the helpless`,
  );
}

function sum(results: RunResult[], of: (result: RunResult) => number): number {
  return results.reduce((total, result) => total + of(result), 0);
}
