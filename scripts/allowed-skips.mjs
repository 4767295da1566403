// Tests that may skip themselves in CI, each with its reason. Everywhere else a skip in CI is a failure: CI has it all.

/** Start of the test's name → why CI does without it. */
const allowed = [];

/** Why this test may be skipped in CI; `undefined` when it may not. */
export function reasonToSkip(testName) {
  return allowed.find(({ startsWith }) => testName.startsWith(startsWith))?.reason;
}
