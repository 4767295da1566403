// What an agency does with registrations it made: confirm a draft, amend, cancel. All under the lines' locks.
import { Problem, type Day } from '#contracts';
import { inTransaction, query, type CopyTx } from '#platform';
import type { KnownProvider } from './catalogue.js';
import { endRegistrations, lockLinesOf } from './end-registrations.js';
import type { IntakeParts } from './register.js';
import type { Confirmation, RegistrationRow, RegistrationState } from './registration-row.js';
import { CHUNK_ROWS, writeChunk, type WrittenChunk } from './write-chunk.js';

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

export interface Amendment {
  provider?: KnownProvider;
  package?: string;
  validFrom?: Day;
  validTo?: Day | null;
  apps?: number;
  confirmation?: Confirmation;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface StoredRow {
  registration_id: string; agency_id: number; agency: string; reference: string; line_id: number; line_key: string;
  provider_id: number; package: string; valid_from: Day; valid_to: Day | null; apps: number; state: RegistrationState;
  confirmed_at: Date | null; confirmed_by: string | null; document_ref: string | null; revision: number; updated_at: Date;
  withdrawn: boolean;
}

const STORED = `
SELECT r.*, a.code AS agency, l.line_key, l.withdrawn_at >= r.confirmed_at IS TRUE AS withdrawn
FROM registration r JOIN agency a USING (agency_id) JOIN line l USING (line_id)`;

/** @throws Problem 404 when there is none */
export async function findRegistrations(parts: IntakeParts, selection: Selection): Promise<RegistrationView[]> {
  const ids = await idsOf(parts, selection);
  const rows = await query<StoredRow>(parts.source, `${STORED} WHERE registration_id = ANY($1::uuid[]) ORDER BY registration_id`, [ids]);
  const catalogue = await parts.catalogue.get();
  return rows.map((row) => ({
    id: row.registration_id, lineId: parts.vault.opaqueId('line', row.line_id), agency: row.agency, reference: row.reference,
    provider: catalogue.providersById.get(row.provider_id)?.code ?? '', access: row.line_key.startsWith('M:') ? 'MB' : 'FB',
    package: row.package, validFrom: row.valid_from, validTo: row.valid_to, apps: row.apps, state: row.state,
    confirmedAt: row.confirmed_at?.toISOString() ?? null, confirmedBy: row.confirmed_by, document: row.document_ref,
    revision: row.revision, updatedAt: row.updated_at.toISOString(),
  }));
}

async function idsOf(parts: IntakeParts, selection: Selection): Promise<string[]> {
  const notFound = () =>
    new Problem(404, 'unknown-registration', 'No such registration', 'No registration is known under this id or reference.', {
      detailTh: 'ไม่พบการลงทะเบียนตามรหัสหรือเลขอ้างอิงนี้',
    });
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
    parts.source, 'SELECT registration_id FROM registration WHERE agency_id = $1 AND reference = $2', [agency.id, selection.reference]);
  if (rows.length === 0) throw notFound();
  return rows.map((row) => row.registration_id);
}

/** Reads registrations under their lines' locks and writes what `change` makes of each. */
async function rewrite(
  parts: IntakeParts,
  selection: Selection,
  actorId: number,
  change: (row: StoredRow) => RegistrationRow | null,
): Promise<WrittenChunk> {
  const ids = await idsOf(parts, selection);
  if (ids.length > CHUNK_ROWS) {
    throw new Problem(422, 'too-many-lines', 'Too many lines under this reference', `At most ${CHUNK_ROWS} lines can be changed at once; send a file instead.`, {
      detailTh: `แก้ไขพร้อมกันได้ไม่เกิน ${CHUNK_ROWS} หมายเลข กรุณานำเข้าเป็นไฟล์แทน`,
    });
  }
  const written = await inTransaction(parts.source, async (tx: CopyTx) => {
    await lockLinesOf(tx, ids);
    const rows = await tx.query<StoredRow>(`${STORED} WHERE registration_id = ANY($1::uuid[]) ORDER BY registration_id`, [ids]);
    const changed = rows.map(change).filter((row) => row !== null);
    return writeChunk(tx, changed, { actorId, runId: null, now: new Date() }, parts);
  });
  await parts.wakeUp.wake(written.providerIds);
  return written;
}

function rowOfStored(row: StoredRow): RegistrationRow {
  const { confirmed_at: at, confirmed_by: by, document_ref: document } = row;
  return {
    agencyId: row.agency_id, reference: row.reference, lineKey: row.line_key, providerId: row.provider_id, package: row.package,
    validFrom: row.valid_from, validTo: row.valid_to, apps: row.apps, name: null, rowNo: null, onlyRevision: null,
    confirmation: at && by !== null && document !== null ? { at: at.toISOString(), by, document } : null,
  };
}

/** Gives drafts their confirmation. Registrations that are not drafts stay as they are. */
export function confirmDrafts(parts: IntakeParts, selection: Selection, evidence: Confirmation, actorId: number): Promise<WrittenChunk> {
  return rewrite(parts, selection, actorId, (row) => (row.state === 'draft' ? { ...rowOfStored(row), confirmation: evidence } : null));
}

/**
 * Changes what is given and leaves the rest. New evidence also brings back what was cancelled or withdrawn before it;
 * without evidence a cancelled registration is refused.
 * @throws Problem 409 for an ended registration, 422 for what cannot be amended
 */
export function amendRegistrations(parts: IntakeParts, selection: Selection, amendment: Amendment, actorId: number): Promise<WrittenChunk> {
  const { confirmation, provider, ...content } = amendment;
  return rewrite(parts, selection, actorId, (row) => {
    if ((row.state === 'cancelled' || row.state === 'withdrawn') && !confirmation) {
      throw new Problem(409, 'registration-ended', 'The registration has ended', `It is ${row.state}; only a new confirmation brings it back.`, {
        detailTh: 'การลงทะเบียนนี้สิ้นสุดแล้ว ต้องมีการยืนยันใหม่',
      });
    }
    const before = rowOfStored(row);
    if (provider && provider.providerId !== before.providerId) refuseMove(row, provider);
    const after: RegistrationRow = {
      ...before, ...content, providerId: provider?.providerId ?? before.providerId, confirmation: confirmation ?? before.confirmation,
    };
    if (after.validTo !== null && after.validTo < after.validFrom) {
      throw new Problem(422, 'invalid-registration', 'The amendment cannot be taken', 'The last day is before the first day.', {
        detailTh: 'วันที่สิ้นสุดอยู่ก่อนวันที่เริ่ม',
      });
    }
    return after;
  });
}

/** A circuit belongs to its provider: with another one it is another line. */
function refuseMove(row: StoredRow, provider: KnownProvider): void {
  const fixed = row.line_key.startsWith('F:');
  if (!fixed && provider.accesses.includes('MB')) return;
  throw new Problem(
    422, 'invalid-registration', 'The amendment cannot be taken',
    fixed ? "A circuit number is the provider's own: cancel this registration and register the new circuit." : `${provider.code} has no mobile lines.`,
    { detailTh: fixed ? 'หมายเลขวงจรเป็นของผู้ให้บริการเดิม ให้ยกเลิกแล้วลงทะเบียนหมายเลขใหม่' : 'ผู้ให้บริการรายนี้ไม่มีบริการมือถือ' },
  );
}

/** The agency takes registrations back. Returns how many ended; those that had ended before are not counted. */
export async function cancelRegistrations(parts: IntakeParts, selection: Selection, actorId: number): Promise<number> {
  const ids = await idsOf(parts, selection);
  const done = await inTransaction(parts.source, (tx) =>
    endRegistrations(tx, ids, 'cancelled', 'cancelled', { actorId, runId: null, now: new Date() }, parts));
  await parts.wakeUp.wake(done.providerIds);
  return done.ended.length;
}
