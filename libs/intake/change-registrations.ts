// What an agency does with registrations it made: confirm a draft, amend, cancel. All under the lines' locks.
import { Problem, type Day } from '#contracts';
import { inTransaction, type CopyTx } from '#platform';
import { receiverOf, type KnownProvider } from './catalogue.js';
import { endRegistrations, lockLinesOf } from './end-registrations.js';
import { idsOf, STORED, type Selection, type StoredRow } from './find-registrations.js';
import type { IntakeParts } from './register.js';
import type { Confirmation, RegistrationRow } from './registration-row.js';
import { CHUNK_ROWS, writeChunk, type WrittenChunk } from './write-chunk.js';

export interface Amendment {
  provider?: KnownProvider;
  package?: string;
  validFrom?: Day;
  validTo?: Day | null;
  apps?: number;
  confirmation?: Confirmation;
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
    throw new Problem(
      422,
      'too-many-lines',
      'Too many lines under this reference',
      `At most ${CHUNK_ROWS} lines can be changed at once; send a file instead.`,
      {
        detailTh: `แก้ไขพร้อมกันได้ไม่เกิน ${CHUNK_ROWS} หมายเลข กรุณานำเข้าเป็นไฟล์แทน`,
      },
    );
  }
  const written = await inTransaction(parts.source, async (tx: CopyTx) => {
    await lockLinesOf(tx, ids);
    const rows = await tx.query<StoredRow>(
      `${STORED} WHERE registration_id = ANY($1::uuid[]) ORDER BY registration_id`,
      [ids],
    );
    const changed = rows.map(change).filter((row) => row !== null);
    return writeChunk(tx, changed, { actorId, runId: null, now: new Date() }, parts);
  });
  await parts.wakeUp.wake(written.providerIds);
  return written;
}

function rowOfStored(row: StoredRow): RegistrationRow {
  const { confirmed_at: at, confirmed_by: by, document_ref: document } = row;
  return {
    agencyId: row.agency_id,
    reference: row.reference,
    lineKey: row.line_key,
    providerId: row.provider_id,
    package: row.package,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    apps: row.apps,
    name: null,
    rowNo: null,
    onlyRevision: null,
    confirmation: at && by !== null && document !== null ? { at: at.toISOString(), by, document } : null,
  };
}

/** Gives drafts their confirmation. Registrations that are not drafts stay as they are. */
export function confirmDrafts(
  parts: IntakeParts,
  selection: Selection,
  evidence: Confirmation,
  actorId: number,
): Promise<WrittenChunk> {
  return rewrite(parts, selection, actorId, (row) =>
    row.state === 'draft' ? { ...rowOfStored(row), confirmation: evidence } : null,
  );
}

/**
 * Changes what is given and leaves the rest. New evidence also brings back what was cancelled or withdrawn before it;
 * without evidence a cancelled registration is refused.
 * @throws Problem 409 for an ended registration, 422 for what cannot be amended
 */
export async function amendRegistrations(
  parts: IntakeParts,
  selection: Selection,
  amendment: Amendment,
  actorId: number,
): Promise<WrittenChunk> {
  const { confirmation, provider: named, ...content } = amendment;
  const catalogue = await parts.catalogue.get();
  return rewrite(parts, selection, actorId, (row) => {
    if ((row.state === 'cancelled' || row.state === 'withdrawn') && !confirmation) {
      throw new Problem(
        409,
        'registration-ended',
        'The registration has ended',
        `It is ${row.state}; only a new confirmation brings it back.`,
        {
          detailTh: 'การลงทะเบียนนี้สิ้นสุดแล้ว ต้องมีการยืนยันใหม่',
        },
      );
    }
    const before = rowOfStored(row);
    const provider = named && receiverOf(catalogue, named, row.line_key);
    if (provider && provider.providerId !== before.providerId) refuseMove(row, provider);
    const after: RegistrationRow = {
      ...before,
      ...content,
      providerId: provider?.providerId ?? before.providerId,
      confirmation: confirmation ?? before.confirmation,
    };
    if (after.validTo !== null && after.validTo < after.validFrom) {
      throw new Problem(
        422,
        'invalid-registration',
        'The amendment cannot be taken',
        'The last day is before the first day.',
        {
          detailTh: 'วันที่สิ้นสุดอยู่ก่อนวันที่เริ่ม',
        },
      );
    }
    return after;
  });
}

/** A circuit belongs to its provider: with another one it is another line. */
function refuseMove(row: StoredRow, provider: KnownProvider): void {
  const fixed = row.line_key.startsWith('F:');
  if (!fixed && provider.accesses.includes('MB')) return;
  throw new Problem(
    422,
    'invalid-registration',
    'The amendment cannot be taken',
    fixed
      ? "A circuit number is the provider's own: cancel this registration and register the new circuit."
      : `${provider.code} has no mobile lines.`,
    { detailTh: fixed ? 'หมายเลขวงจรเป็นของผู้ให้บริการเดิม ให้ยกเลิกแล้วลงทะเบียนหมายเลขใหม่' : 'ผู้ให้บริการรายนี้ไม่มีบริการมือถือ' },
  );
}

/** The agency takes registrations back. Returns how many ended; those that had ended before are not counted. */
export async function cancelRegistrations(parts: IntakeParts, selection: Selection, actorId: number): Promise<number> {
  const ids = await idsOf(parts, selection);
  const done = await inTransaction(parts.source, (tx) =>
    endRegistrations(tx, ids, 'cancelled', 'cancelled', { actorId, runId: null, now: new Date() }, parts),
  );
  await parts.wakeUp.wake(done.providerIds);
  return done.ended.length;
}
