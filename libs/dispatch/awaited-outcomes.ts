// SQL of the predecessor rule: what must be heard before anything newer of an entry may be sent. $1: provider.

// What must be heard before anything newer of the entry may go: the earlier change itself while its batch is open and
// it has no exception there, or what an omitted earlier change waits for.
export const WAITS_FOR = `coalesce(
  (SELECT o.waits_for FROM omission o WHERE o.provider_id = $1 AND o.seq = p.seq AND o.ended_at IS NULL),
  (SELECT p.seq FROM batch b WHERE b.provider_id = $1 AND b.state IN ('sealed', 'handed', 'accepted')
     AND p.seq BETWEEN b.from_seq AND b.to_seq AND NOT p.seq = ANY(b.omitted) AND NOT EXISTS (
       SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = p.seq AND x.number = b.number AND x.heard <> '{}') LIMIT 1))`;
export const AWAITED = `
SELECT p.seq, ${WAITS_FOR} AS waits_for
FROM unnest($2::bigint[]) AS p(seq)`;
