// Registrations by id or by an agency's reference, as the API shows them.
import { Problem, type Day } from '#contracts';
import { query } from '#platform';
import type { IntakeParts } from './register.js';
import type { RegistrationState } from './registration-row.js';

/** Which registrations are meant: one by its id, or all lines under an agency's reference. */
export type Selection = { id: string } | { agency: string; reference: string };

/** One registration as the API shows it; never the number. */
export interface RegistrationView {
  id: string;
  lineId: string;
  agency: string;
  reference: string;
  provider: string;
  access: 'MB' | 'FB';
  package: string;
  validFrom: Day;
  validTo: Day | null;
  apps: number;
  state: RegistrationState;
  confirmedAt: string | null;
  confirmedBy: string | null;
  document: string | null;
  revision: number;
  updatedAt: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface StoredRow {
  registration_id: string;
  agency_id: number;
  agency: string;
  reference: string;
  line_id: number;
  line_key: string;
  provider_id: number;
  package: string;
  valid_from: Day;
  valid_to: Day | null;
  apps: number;
  state: RegistrationState;
  confirmed_at: Date | null;
  confirmed_by: string | null;
  document_ref: string | null;
  revision: number;
  updated_at: Date;
  withdrawn: boolean;
}

export const STORED = `
SELECT r.*, a.code AS agency, l.line_key, l.withdrawn_at >= r.confirmed_at IS TRUE AS withdrawn
FROM registration r JOIN agency a USING (agency_id) JOIN line l USING (line_id)`;

/** @throws Problem 404 when there is none */
export async function findRegistrations(parts: IntakeParts, selection: Selection): Promise<RegistrationView[]> {
  const ids = await idsOf(parts, selection);
  const rows = await query<StoredRow>(
    parts.source,
    `${STORED} WHERE registration_id = ANY($1::uuid[]) ORDER BY registration_id`,
    [ids],
  );
  const catalogue = await parts.catalogue.get();
  return rows.map((row) => ({
    id: row.registration_id,
    lineId: parts.vault.opaqueId('line', row.line_id),
    agency: row.agency,
    reference: row.reference,
    provider: catalogue.providersById.get(row.provider_id)?.code ?? '',
    access: row.line_key.startsWith('M:') ? 'MB' : 'FB',
    package: row.package,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    apps: row.apps,
    state: row.state,
    confirmedAt: row.confirmed_at?.toISOString() ?? null,
    confirmedBy: row.confirmed_by,
    document: row.document_ref,
    revision: row.revision,
    updatedAt: row.updated_at.toISOString(),
  }));
}

/** @throws Problem 404 when there is none */
export async function idsOf(parts: IntakeParts, selection: Selection): Promise<string[]> {
  const notFound = () =>
    new Problem(
      404,
      'unknown-registration',
      'No such registration',
      'No registration is known under this id or reference.',
      {
        detailTh: 'ไม่พบการลงทะเบียนตามรหัสหรือเลขอ้างอิงนี้',
      },
    );
  if ('id' in selection) {
    if (!UUID.test(selection.id)) throw notFound();
    const rows = await query(parts.source, 'SELECT 1 FROM registration WHERE registration_id = $1', [selection.id]);
    if (rows.length === 0) throw notFound();
    return [selection.id];
  }
  const catalogue = await parts.catalogue.get();
  const agency = catalogue.resolveAgency(selection.agency, '');
  if (agency.outcome !== 'agency') throw notFound();
  const rows = await query<{ registration_id: string }>(
    parts.source,
    'SELECT registration_id FROM registration WHERE agency_id = $1 AND reference = $2',
    [agency.id, selection.reference],
  );
  if (rows.length === 0) throw notFound();
  return rows.map((row) => row.registration_id);
}
