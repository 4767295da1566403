// One check of the test run and what it counts as: a check that skips itself is a failure in CI, which has it all.

/** `check` answers with a list of problems, or with `{ skipped: why }`. */
export async function runCheck(name, check) {
  const answer = await check();
  if (!Array.isArray(answer)) {
    const allowed = !process.env.CI;
    console.log(`  ${allowed ? '-' : '✖'} ${name} skipped: ${answer.skipped}`);
    return { passed: 0, failed: allowed ? 0 : 1, skipped: allowed ? 1 : 0 };
  }
  for (const problem of answer) console.log(`  ✖ ${problem}`);
  return { passed: answer.length === 0 ? 1 : 0, failed: answer.length === 0 ? 0 : 1, skipped: 0 };
}
