// Sheets are sent again for months: what still names the provider from which a line was moved means the one where it is.
import type { Tx } from '#contracts';

// Of a hand-over always; of a re-route until a newer confirmation says otherwise, and with the confirmation that named the
// new provider kept; of an agency's own amendment never. A registration that is elsewhere by now has had the last word.
const FOLLOW = `
UPDATE chunk c SET provider_id = f.to_provider,
  confirmed_at = coalesce(f.confirmed_at, c.confirmed_at), confirmed_by = coalesce(f.confirmed_by, c.confirmed_by),
  document_ref = coalesce(f.document_ref, c.document_ref)
FROM (
  SELECT i.n, m.to_provider, k.* FROM chunk i JOIN line l ON l.line_key = i.line_key
  JOIN move m ON m.line_id = l.line_id AND m.from_provider = i.provider_id
  LEFT JOIN registration r ON r.agency_id = i.agency_id AND r.reference = i.reference AND r.line_id = l.line_id
  LEFT JOIN LATERAL (
    SELECT r.confirmed_at, r.confirmed_by, r.document_ref
    WHERE m.confirmed_at IS NOT NULL AND i.state = 'confirmed' AND r.confirmed_at = m.confirmed_at) k ON true
  WHERE (m.hand_over_id IS NOT NULL OR (m.confirmed_at IS NOT NULL AND (i.confirmed_at IS NULL OR i.confirmed_at <= m.confirmed_at)))
    AND (r.registration_id IS NULL OR r.provider_id = m.to_provider)
) f WHERE c.n = f.n`;

/** Rows of the chunk whose line was moved name the provider where it is. The lines must be locked, or nothing be written. */
export async function followMoves(tx: Tx): Promise<void> {
  await tx.query(FOLLOW);
}
