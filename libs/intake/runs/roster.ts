// A roster says who is registered now: what the agency registered before and the file no longer has is cancelled.
import type { DataSource } from 'typeorm';
import { Problem, type ProblemItem } from '#contracts';
import { copyField, faultPoint, inTransaction } from '#platform';
import { endRegistrations } from '../end-registrations.js';
import type { IntakeParts } from '../register.js';
import { CHUNK_ROWS } from '../write-chunk.js';
import type { RunLease } from './lease.js';
import type { OpenedRun } from './open-run.js';
import type { RunRow } from './run.js';

/** Most rows of another agency that the refusal names. */
const NAMED_ROWS = 20;

export interface Absent {
  /** Registrations of the agency that no row of the file has; at most as many as the agency has. */
  registrationIds: string[];
  rejectedRows: number;
}

/**
 * Reads the whole file before anything is written: refuses it when it has rows of another agency, and finds what is
 * absent from it. Registrations changed since the run was made are not counted as absent: the file cannot know of them.
 * @throws Problem 422 that names the rows of other agencies
 */
export async function scanRoster(
  source: DataSource,
  run: RunRow,
  opened: OpenedRun,
  stopIfAborted: () => void,
): Promise<Absent> {
  const foreign: ProblemItem[] = [];
  let rejectedRows = 0;
  async function* keys(): AsyncGenerator<string> {
    for await (const block of opened.rows()) {
      stopIfAborted();
      let text = '';
      for (const judged of block) {
        if ('problems' in judged) rejectedRows += 1;
        else if (judged.registration.agencyId !== run.agency_id) foreign.push(foreignRow(judged.row));
        else text += `${copyField(judged.registration.reference)}\t${copyField(judged.registration.lineKey)}\n`;
      }
      if (foreign.length >= NAMED_ROWS) break;
      if (text !== '') yield text;
    }
  }
  return inTransaction(source, async (tx) => {
    await tx.query(
      'CREATE TEMP TABLE roster_key (reference text COLLATE "C", line_key text COLLATE "C") ON COMMIT DROP',
    );
    await tx.copy('roster_key', keys());
    if (foreign.length > 0) {
      throw new Problem(
        422,
        'roster-of-another-agency',
        'The roster has rows of another agency',
        'A roster speaks for one agency. Nothing was written; send each agency its own file, or import without roster.',
        {
          errors: foreign,
          detailTh: 'ไฟล์รายชื่อทั้งหมดต้องเป็นของหน่วยงานเดียว ยังไม่มีการบันทึกใด ๆ',
        },
      );
    }
    await tx.query('ANALYZE roster_key');
    const rows = await tx.query<{ registration_id: string }>(
      `SELECT r.registration_id FROM registration r JOIN line l USING (line_id)
       WHERE r.agency_id = $1 AND r.state IN ('draft', 'confirmed') AND r.updated_at < $2
         AND NOT EXISTS (SELECT 1 FROM roster_key k WHERE k.reference = r.reference AND k.line_key = l.line_key)
       ORDER BY r.line_id`,
      [run.agency_id, run.created_at],
    );
    return { registrationIds: rows.map((row) => row.registration_id), rejectedRows };
  });
}

function foreignRow(row: number): ProblemItem {
  return {
    row,
    field: 'agency',
    code: 'AGENCY_OTHER',
    detail: 'The row belongs to another agency.',
    detailTh: 'แถวนี้เป็นของหน่วยงานอื่น',
  };
}

/** Cancels what is absent, chunk by chunk; only counts it in a dry run, or while rejected rows may be the missing ones. */
export async function removeAbsent(
  parts: IntakeParts,
  lease: RunLease,
  absent: Absent,
  stopIfAborted: () => void,
): Promise<'goOn' | 'stop'> {
  const { run } = lease;
  const { registrationIds: ids } = absent;
  if (run.dry_run || absent.rejectedRows > 0) {
    const counts = {
      ...lease.counts,
      ...(absent.rejectedRows > 0 ? { removalsWithheld: ids.length } : { removed: ids.length }),
    };
    await inTransaction(parts.source, (tx) => lease.progress(tx, counts, null));
    run.counts = counts;
    return 'goOn';
  }
  for (let from = 0; from < ids.length; from += CHUNK_ROWS) {
    stopIfAborted();
    let counts = lease.counts;
    let stopAsked = false;
    const done = await inTransaction(parts.source, (tx) =>
      endRegistrations(
        tx,
        ids.slice(from, from + CHUNK_ROWS),
        'cancelled',
        'cancelled',
        { actorId: run.actor_id, runId: run.run_id, now: new Date() },
        parts,
        async (ended) => {
          counts = { ...lease.counts, removed: lease.counts.removed + ended };
          ({ stopAsked } = await lease.progress(tx, counts, null));
        },
      ),
    );
    run.counts = counts;
    await faultPoint('import.afterRemoval');
    await parts.wakeUp.wake(done.providerIds);
    if (stopAsked) return 'stop';
  }
  return 'goOn';
}
