// Each rule is there because without it lists end up wrong: taken away by itself, the model must notice.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Broken } from './fail.js';
import { MUTATIONS } from './mutations.js';
import { REAL_RULES, type Rules } from './rules.js';
import { runSeed } from './run.js';
import type { Setting } from './setting.js';

/** A mutation that survives so many seeds is a rule that nobody needs, or a model that does not look. */
const MOST_SEEDS = 1_500;
/** Runs with all rules in place under the mutation's own circumstances: it must be the missing rule that breaks them. */
const CONTROLS = process.env.SAPHAN_LONG ? 1_000 : 40;

describe('without any one rule the model fails', () => {
  for (const { without, rules, relaxed, shownBy } of MUTATIONS) {
    test(`without ${without}`, (t) => {
      const base = { ...REAL_RULES, ...relaxed };
      const broken = firstBroken({ ...base, ...rules }, shownBy);
      assert.ok(broken, `survived ${MOST_SEEDS} seeds`);
      t.diagnostic(broken);
      if (shownBy) for (let seed = 1; seed <= CONTROLS; seed++) runSeed(seed, base, shownBy);
    });
  }

  test('no two mutations say the same', () => {
    assert.equal(new Set(MUTATIONS.map((mutation) => mutation.without)).size, MUTATIONS.length);
  });
});

function firstBroken(rules: Rules, setting: Setting | undefined): string | null {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    try {
      runSeed(seed, rules, setting);
    } catch (error) {
      if (error instanceof Broken) return error.message;
      throw error;
    }
  }
  return null;
}
