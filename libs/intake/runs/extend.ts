// Extends the programme's dates: one run over all registrations that end on a day, previewed, stoppable, undoable.
import type { DataSource } from 'typeorm';
import { Problem, type Day } from '#contracts';
import { query, type Vault } from '#platform';
import { appsOf } from '../reading/index.js';
import { receiveOriginal } from './original.js';

export interface Extension {
  /** The last valid day that is moved. */
  endingOn: Day;
  /** The new last valid day. */
  to: Day;
  /** One agency only, or null for all. */
  agencyId: number | null;
  actorId: number;
}

interface ExtendedRow {
  registration_id: string;
  agency: string;
  reference: string;
  provider: string;
  line_key: string;
  package: string;
  valid_from: Day;
  apps: number;
  confirmed_at: Date;
  confirmed_by: string;
  document_ref: string;
  revision: number;
}

const PAGE = 2000;

const NEXT = `
SELECT r.registration_id, a.code AS agency, r.reference, p.code AS provider, l.line_key, r.package, r.valid_from, r.apps,
  r.confirmed_at, r.confirmed_by, r.document_ref, r.revision
FROM registration r JOIN agency a USING (agency_id) JOIN provider p ON p.provider_id = r.provider_id JOIN line l USING (line_id)
WHERE r.registration_id > $1::uuid AND r.state = 'confirmed' AND r.valid_to = $2::date AND ($3::int IS NULL OR r.agency_id = $3)
ORDER BY r.registration_id LIMIT $4`;

/**
 * Makes a dry run out of the confirmed registrations that end on `endingOn`; starting that run moves their end. Each row
 * is bound to the revision it was made from: what is amended, cancelled or erased in between stays as it then is.
 * @throws Problem 422 when the new day is not later, or nothing ends on that day
 */
export async function makeExtension(source: DataSource, vault: Vault, extension: Extension): Promise<number> {
  const { endingOn, to, agencyId, actorId } = extension;
  if (to <= endingOn) {
    throw new Problem(
      422,
      'invalid-extension',
      'The extension cannot be made',
      'The new last day must be after the present one.',
      {
        detailTh: 'วันสิ้นสุดใหม่ต้องอยู่หลังวันสิ้นสุดเดิม',
      },
    );
  }
  const pages = pagesOf(source, extension);
  const first = await pages.next();
  if (first.done) {
    throw new Problem(
      422,
      'nothing-to-extend',
      'Nothing ends on that day',
      'No confirmed registration has that last day.',
      {
        detailTh: 'ไม่มีการลงทะเบียนที่สิ้นสุดในวันนั้น',
      },
    );
  }
  async function* bytes(): AsyncGenerator<Buffer> {
    yield first.value as Buffer;
    yield* pages;
  }
  const options = { extension: { endingOn, to } };
  return receiveOriginal(
    source,
    vault,
    { mode: 'add', agencyId, dryRun: true, options, actorId, ndjson: true },
    bytes(),
  );
}

async function* pagesOf(source: DataSource, { endingOn, to, agencyId }: Extension): AsyncGenerator<Buffer, void> {
  let last = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await query<ExtendedRow>(source, NEXT, [last, endingOn, agencyId, PAGE]);
    if (rows.length === 0) return;
    last = rows.at(-1)!.registration_id;
    yield Buffer.from(rows.map((row) => `${JSON.stringify(lineOf(row, to))}\n`).join(''));
  }
}

function lineOf(row: ExtendedRow, validTo: Day): Record<string, unknown> {
  const mobile = row.line_key.startsWith('M:');
  return {
    agency: row.agency,
    reference: row.reference,
    // A circuit is known under the code that it was registered with, whoever has it now.
    provider: mobile ? row.provider : row.line_key.slice(2, row.line_key.indexOf(':', 2)),
    access: mobile ? 'MB' : 'FB',
    number: mobile ? `+${row.line_key.slice(2)}` : row.line_key.slice(row.line_key.indexOf(':', 2) + 1),
    package: row.package,
    validFrom: row.valid_from,
    validTo,
    apps: appsOf(row.apps),
    onlyRevision: row.revision,
    confirmation: {
      confirmedAt: row.confirmed_at.toISOString(),
      confirmedBy: row.confirmed_by,
      document: row.document_ref,
    },
  };
}
