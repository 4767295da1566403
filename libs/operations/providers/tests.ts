// Tests of a provider as rows: step by step, so that whoever asks sees how far one is, and one at a time.
import type { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { inTransaction, query } from '#platform';
import { recordAct } from '../audit.js';

export type TestStepName = 'address' | 'connection' | 'authentication' | 'add' | 'remove';

export interface TestStep {
  step: TestStepName;
  outcome: 'passed' | 'failed' | 'skipped';
  /** In words; never a line. */
  text: string;
  ms: number;
}

export interface ProviderTest {
  testId: number;
  lineNo: number;
  steps: TestStep[];
  state: 'running' | 'passed' | 'failed';
  reason: string;
  startedAt: Date;
  endedAt: Date | null;
}

/** A test that was not heard of for so long (seconds) ended with its process. */
const SILENT_S = 60;

/** @throws Problem 409 when one is running */
export async function beginTest(
  source: DataSource,
  provider: { providerId: number; code: string },
  lineNo: number,
  reason: string,
  actorId: number,
): Promise<number> {
  return inTransaction(source, async (tx) => {
    await tx.query(
      `UPDATE provider_test SET state = 'failed', ended_at = now()
       WHERE provider_id = $1 AND state = 'running' AND heard_at < now() - $2 * interval '1 second'`,
      [provider.providerId, SILENT_S],
    );
    const [made] = await tx.query<{ test_id: number }>(
      `INSERT INTO provider_test (provider_id, line_no, reason, actor_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT (provider_id) WHERE state = 'running' DO NOTHING RETURNING test_id`,
      [provider.providerId, lineNo, reason, actorId],
    );
    if (!made)
      throw new Problem(
        409,
        'test-running',
        'A test is running',
        'Wait until the running test of this provider has ended.',
      );
    const detail = { testId: made.test_id, lineNo };
    await recordAct(tx, { actorId, act: 'provider.test', subject: `provider:${provider.code}`, reason, detail });
    return made.test_id;
  });
}

/** Writes the steps so far, and with a state the end. */
export async function noteSteps(
  source: DataSource,
  testId: number,
  steps: TestStep[],
  state?: 'passed' | 'failed',
): Promise<void> {
  await query(
    source,
    `UPDATE provider_test SET steps = $2, heard_at = now(), state = coalesce($3, state),
       ended_at = CASE WHEN $3::text IS NULL THEN NULL ELSE now() END WHERE test_id = $1`,
    [testId, JSON.stringify(steps), state ?? null],
  );
}

/** @throws Problem 404 */
export async function readTest(source: DataSource, providerId: number, testId: number): Promise<ProviderTest> {
  const [row] = await query<ProviderTest>(
    source,
    `SELECT test_id AS "testId", line_no AS "lineNo", steps, reason, started_at AS "startedAt", ended_at AS "endedAt",
       CASE WHEN state = 'running' AND heard_at < now() - $3 * interval '1 second' THEN 'failed' ELSE state END AS state
     FROM provider_test WHERE provider_id = $1 AND test_id = $2`,
    [providerId, testId, SILENT_S],
  );
  if (!row) throw new Problem(404, 'unknown-test', 'Unknown test', 'This provider has no such test.');
  return row;
}
