// The rejected rows of a run, in the columns they came in, with reasons and remedies: corrected, it can be sent again.
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { query, type Vault } from '#platform';
import { errorFile, type RejectedRow, type RowProblem } from '../reading/index.js';
import { openRun } from './open-run.js';
import type { KeptProblem, RunRow } from './run.js';
import { remedyOf } from './run-book.js';

/** Problems are read in pages of this many rows beside the original, which is in the same order. */
const PAGE = 2000;

/**
 * CSV in UTF-8 with BOM, streamed. The reasons are those recorded when the run judged the rows.
 * @throws Problem 410 when the original was erased; RegistrationsFileError when it cannot be read at all
 */
export async function runErrorFile(source: DataSource, vault: Vault, run: RunRow): Promise<Readable> {
  const opened = await openRun(source, vault, run);
  async function* rejected(): AsyncGenerator<RejectedRow> {
    let page = await problemsAfter(source, run.run_id, 0);
    let at = 0;
    for await (const block of opened.rows()) {
      for (const { row, cells } of block) {
        if (at === page.length) {
          page = await problemsAfter(source, run.run_id, row - 1);
          at = 0;
          if (page.length === 0) return;
        }
        if (page[at]!.row_no !== row) continue;
        yield { row, cells, problems: page[at]!.problems.map(withRemedy) };
        at += 1;
      }
    }
  }
  const file = Readable.from(rejected())
    .on('error', (error) => file.destroy(error))
    .pipe(errorFile(opened.header));
  return closing(file, () => opened.close());
}

/** Calls `close` once the stream has ended, or was given up by its reader. */
export function closing(stream: Readable, close: () => Promise<void>): Readable {
  stream.once('close', () => void close());
  return stream;
}

function problemsAfter(
  source: DataSource,
  runId: number,
  row: number,
): Promise<{ row_no: number; problems: KeptProblem[] }[]> {
  return query(
    source,
    'SELECT row_no, problems FROM import_problem WHERE run_id = $1 AND row_no > $2 ORDER BY row_no LIMIT $3',
    [runId, row, PAGE],
  );
}

function withRemedy(problem: KeptProblem): RowProblem {
  const { remedy = '', remedyTh = '' } = remedyOf(problem.code);
  return { ...problem, code: problem.code as RowProblem['code'], remedyEn: remedy, remedyTh };
}
