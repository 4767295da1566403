// Approval: a second person releases exactly what they saw. Withdrawing a draft that is not wanted any more.
import type { DataSource } from 'typeorm';
import { Problem, type Tx } from '#contracts';
import { inTransaction } from '#platform';
import { recordAct } from './record-act.js';

interface DraftRow {
  state: string;
  proposed_by: number;
  content_sha256: string;
}

async function lock(tx: Tx, draftId: number): Promise<DraftRow> {
  const [draft] = await tx.query<DraftRow>(
    'SELECT state, proposed_by, content_sha256 FROM destination_draft WHERE draft_id = $1 FOR UPDATE',
    [draftId],
  );
  if (!draft)
    throw new Problem(
      404,
      'unknown-draft',
      'Unknown draft',
      'No draft has this id; GET /v1/destinations/drafts lists them.',
    );
  if (draft.state === 'published' || draft.state === 'withdrawn')
    throw new Problem(409, 'draft-closed', 'The draft is closed', `It is ${draft.state}; propose a new one.`);
  return draft;
}

/**
 * @param contentSha256 the hash of the content that the approver saw; a draft that changed since refuses it.
 * Throws Problem 403 for the proposer themselves, 409 for another content.
 */
export async function approve(
  source: DataSource,
  draftId: number,
  contentSha256: string,
  actorId: number,
  reason: string,
): Promise<'approved' | 'was approved'> {
  return inTransaction(source, async (tx) => {
    const draft = await lock(tx, draftId);
    if (draft.proposed_by === actorId) {
      throw new Problem(
        403,
        'second-person-needed',
        'A second person is needed',
        'Who proposed or last changed a draft cannot approve it; ask somebody else whose key has the scope approve.',
        { detailTh: 'ผู้เสนอไม่สามารถอนุมัติเองได้ ต้องให้บุคคลอื่นที่มีสิทธิ์ approve เป็นผู้อนุมัติ' },
      );
    }
    if (draft.content_sha256 !== contentSha256) {
      throw new Problem(
        409,
        'draft-changed',
        'The draft has changed',
        `Its content is now ${draft.content_sha256}; look at it again, and approve that if you agree.`,
        { detailTh: 'เนื้อหาเปลี่ยนไปแล้ว กรุณาตรวจสอบใหม่ก่อนอนุมัติ' },
      );
    }
    if (draft.state === 'approved') return 'was approved';
    await tx.query(
      `UPDATE destination_draft SET state = 'approved', approved_sha256 = content_sha256, approved_by = $2, approved_at = now() WHERE draft_id = $1`,
      [draftId, actorId],
    );
    await recordAct(tx, {
      actorId,
      act: 'destinations.approve',
      subject: `destinations:draft:${draftId}`,
      reason,
      detail: { sha256: contentSha256 },
    });
    return 'approved';
  });
}

export async function withdrawDraft(
  source: DataSource,
  draftId: number,
  actorId: number,
  reason: string,
): Promise<'withdrawn'> {
  return inTransaction<'withdrawn'>(source, async (tx) => {
    await lock(tx, draftId);
    await tx.query(`UPDATE destination_draft SET state = 'withdrawn' WHERE draft_id = $1`, [draftId]);
    await recordAct(tx, { actorId, act: 'destinations.withdraw', subject: `destinations:draft:${draftId}`, reason });
    return 'withdrawn';
  });
}
