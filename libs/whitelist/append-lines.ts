// The statement that appends the current desired state of some lines' entries, under the entries' locks.

/** $1 provider, $2 line ids (locked), $3 cause, $4 actor. The counter is taken by it, last but for the brake's budget. */
export const APPEND_LINES = `
WITH counter AS (
  UPDATE provider_counter SET last_seq = last_seq + cardinality($2::bigint[]) WHERE provider_id = $1
  RETURNING last_seq - cardinality($2::bigint[]) AS base
), numbered AS (
  SELECT e.*, counter.base + row_number() OVER (ORDER BY e.line_id) AS seq
  FROM entry e, counter WHERE e.provider_id = $1 AND e.line_id = ANY($2::bigint[])
), moved AS (
  UPDATE entry e SET last_seq = n.seq, revision = e.revision + 1
  FROM numbered n WHERE e.provider_id = $1 AND e.line_id = n.line_id
)
INSERT INTO change (provider_id, seq, prev_seq, entry_ref, line_id, present, package, valid_from, valid_to, cause, actor_id)
SELECT provider_id, seq, last_seq, entry_ref, line_id, present, package, valid_from, valid_to, $3, $4 FROM numbered`;
