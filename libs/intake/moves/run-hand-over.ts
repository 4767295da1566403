// Carries hand-overs out: lines in chunks, then the successor's name, then those that came meanwhile, then the answers.
import type { DataSource } from 'typeorm';
import type { Alerts, Derivation, WakeUp } from '#contracts';
import { faultPoint, inTransaction, query } from '#platform';
import { CHUNK_ROWS } from '../write-chunk.js';
import { changeProvider } from './change-provider.js';
import { HAND_OVERS, sidesOfHandOver, type HandOverRow } from './hand-over-rows.js';
import { pageOf, staysBecause, type Sides } from './plan.js';
import { nextHandOverStep, standstillOf, type HandOverView } from './progress.js';

export interface HandOverParts {
  source: DataSource;
  derivation: Derivation;
  wakeUp: WakeUp;
  alerts: Alerts;
}

const LOOK = `
SELECT h.*, (SELECT count(*) FROM move m WHERE m.hand_over_id = h.hand_over_id AND m.state = 'open') AS open,
  extract(epoch FROM now() - h.succeeded_at)::float8 AS succeeded_s,
  extract(epoch FROM now() - h.moved_on_at)::float8 AS quiet_s,
  EXISTS (SELECT 1 FROM import_run r WHERE r.state IN ('running', 'undoing') AND r.started_at < h.succeeded_at) AS older_import,
  (SELECT s.pause_reason FROM provider_stream s WHERE s.provider_id = h.to_provider AND s.paused_at IS NOT NULL) AS paused,
  (SELECT (p.profile ->> 'receiptDeadlineS')::float8 FROM provider p WHERE p.provider_id = h.to_provider) AS quiet_limit_s,
  array(
    SELECT p.code FROM hand_over_from f JOIN provider p ON p.provider_id = f.from_provider
    JOIN provider_stream s ON s.provider_id = f.from_provider JOIN provider_counter c ON c.provider_id = f.from_provider
    WHERE f.hand_over_id = h.hand_over_id AND h.round = 3 AND (
      c.last_seq > s.sealed_seq
      OR EXISTS (SELECT 1 FROM batch b WHERE b.provider_id = f.from_provider AND b.state IN ('sealed', 'handed', 'accepted'))
      OR EXISTS (SELECT 1 FROM refused_range r WHERE r.provider_id = f.from_provider)
      OR EXISTS (SELECT 1 FROM omission o WHERE o.provider_id = f.from_provider AND o.ended_at IS NULL)
      OR EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = f.from_provider AND x.kind = 'retrying' AND x.ended_at IS NULL))
  ) AS removing
FROM hand_over h WHERE h.hand_over_id = $1`;

interface LookRow extends HandOverRow {
  open: number;
  succeeded_s: number | null;
  quiet_s: number | null;
  older_import: boolean;
  paused: string | null;
  quiet_limit_s: number;
  removing: string[];
}

function viewOf(row: LookRow): HandOverView {
  return {
    round: row.round,
    roundOver: row.round_over,
    open: row.open,
    succeededS: row.succeeded_s,
    olderImport: row.older_import,
    removing: row.removing,
    paused: row.paused,
    quietS: row.quiet_s ?? 0,
    quietLimitS: row.quiet_limit_s,
  };
}

/**
 * Takes the running hand-overs to a provider as far as they go now, for `budgetMs` milliseconds at most. The caller sees
 * to it that one process at a time does; killed at any step, the next one goes on from the last chunk.
 */
export async function runHandOvers(
  parts: HandOverParts,
  toProvider: number,
  budgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  const rows = await query<HandOverRow>(
    parts.source,
    `${HAND_OVERS} WHERE h.to_provider = $1 AND (h.state IN ('running', 'paused') OR h.ended_at > now() - interval '1 hour') ORDER BY h.hand_over_id`,
    [toProvider],
  );
  const until = Date.now() + budgetMs;
  for (const row of rows) await runOne(parts, row, until, signal);
}

async function runOne(parts: HandOverParts, row: HandOverRow, until: number, signal: AbortSignal): Promise<void> {
  const { source, alerts } = parts;
  const alert = {
    kind: 'handOverStuck',
    providerId: row.to_provider,
    subject: `hand-over:${row.hand_over_id}`,
  } as const;
  if (row.state !== 'running') return alerts.clear(alert);
  const sides = await sidesOfHandOver(source, row);
  while (!signal.aborted) {
    const [now] = await query<LookRow>(source, LOOK, [row.hand_over_id]);
    if (!now || now.state !== 'running') return;
    if (now.open !== now.open_seen) {
      await query(source, 'UPDATE hand_over SET open_seen = $2, moved_on_at = now() WHERE hand_over_id = $1', [
        row.hand_over_id,
        now.open,
      ]);
      now.quiet_s = 0;
    }
    const view = viewOf(now);
    const step = nextHandOverStep(view);
    const stuck = standstillOf(view);
    if (stuck !== null) await alerts.raise({ ...alert, text: stuck });
    else await alerts.clear(alert);
    if (step === 'wait') return;
    if (step === 'moveLines') await moveLines(parts, now, sides);
    else await turnRound(source, now, step, sides);
    if (step === 'complete' || Date.now() > until) return;
  }
}

/** One chunk: its lines' registrations, what follows from them, its exceptions, and the progress, in one transaction. */
async function moveLines(parts: HandOverParts, row: HandOverRow, sides: Sides): Promise<void> {
  const { source, derivation, wakeUp } = parts;
  const page = await pageOf(source, sides, row.after_line, CHUNK_ROWS);
  const last = page.at(-1);
  if (!last) {
    await query(source, `UPDATE hand_over SET round_over = true WHERE hand_over_id = $1 AND state = 'running'`, [
      row.hand_over_id,
    ]);
    return;
  }
  const stays = page.flatMap((line) => {
    const reason = staysBecause(line, sides.to);
    return reason ? [{ line_id: line.line_id, from_provider: line.provider_id, reason }] : [];
  });
  const staying = new Set(stays.map((line) => line.line_id));
  const lineIds = [...new Set(page.map((line) => line.line_id))].filter((id) => !staying.has(id));
  const moved = await inTransaction(source, async (tx) => {
    await tx.query('SELECT 1 FROM line WHERE line_id = ANY($1::bigint[]) ORDER BY line_id FOR NO KEY UPDATE', [
      lineIds,
    ]);
    // Paused or stopped since: then nothing of this chunk is moved.
    const [ours] = await tx.query(
      `SELECT 1 FROM hand_over WHERE hand_over_id = $1 AND state = 'running' AND after_line = $2 AND round = $3 FOR UPDATE`,
      [row.hand_over_id, row.after_line, row.round],
    );
    if (!ours) return null;
    await tx.query(
      `INSERT INTO hand_over_exception (hand_over_id, line_id, from_provider, reason)
       SELECT $1, line_id, from_provider, reason FROM json_to_recordset($2) AS x (line_id bigint, from_provider smallint, reason text)
       ON CONFLICT DO NOTHING`,
      [row.hand_over_id, JSON.stringify(stays)],
    );
    const done = await changeProvider(
      tx,
      {
        lineIds,
        from: sides.from.map((each) => each.providerId),
        to: sides.to.providerId,
        actorId: row.proposed_by,
        now: new Date(),
        handOver: { id: row.hand_over_id, limitS: row.limit_s },
      },
      derivation,
      async (lines) => {
        await tx.query(
          `UPDATE hand_over SET after_line = $2, lines_done = lines_done + $3, moved_on_at = now() WHERE hand_over_id = $1`,
          [row.hand_over_id, last.line_id, lines],
        );
      },
    );
    await faultPoint('handOver.beforeCommit');
    return done;
  });
  await faultPoint('handOver.afterChunk');
  if (moved) await wakeUp.wake(moved.providerIds);
}

async function turnRound(
  source: DataSource,
  row: HandOverRow,
  step: 'nameSuccessor' | 'lastRound' | 'awaitAnswers' | 'complete',
  sides: Sides,
): Promise<void> {
  await inTransaction(source, async (tx) => {
    const sets = {
      nameSuccessor: 'succeeded_at = now()',
      lastRound: 'round = 2, round_over = false, after_line = 0',
      awaitAnswers: 'round = 3',
      complete: `state = 'completed', ended_at = now()`,
    };
    const turned = await tx.query(
      `UPDATE hand_over SET ${sets[step]}, moved_on_at = now() WHERE hand_over_id = $1 AND state = 'running' AND round = $2 RETURNING 1`,
      [row.hand_over_id, row.round],
    );
    if (turned.length === 0) return;
    if (step === 'nameSuccessor') {
      await tx.query(
        `UPDATE provider SET profile = jsonb_set(profile, '{successor}', to_jsonb($2::text)), actor_id = $3, updated_at = now()
         WHERE provider_id = ANY($1::smallint[])`,
        [sides.from.map((each) => each.providerId), sides.to.code, row.proposed_by],
      );
    }
    await tx.query('INSERT INTO audit (actor_id, act, subject) VALUES ($1, $2, $3)', [
      row.proposed_by,
      `handOver.${step}`,
      `hand-over:${row.hand_over_id}`,
    ]);
  });
  await faultPoint(`handOver.${step}`);
}
