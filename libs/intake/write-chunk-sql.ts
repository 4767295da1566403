// The statements of the writing path, each over all rows of the chunk at once.

/** Made once per connection, empty again at every commit. */
export const MAKE_CHUNK = `
CREATE TEMP TABLE IF NOT EXISTS chunk (
  n int, agency_id int, reference text COLLATE "C", line_key text COLLATE "C", provider_id smallint, package text,
  valid_from date, valid_to date, apps int, state text, confirmed_at timestamptz, confirmed_by text, document_ref text,
  name_cipher bytea, row_no bigint, only_revision int
) ON COMMIT DELETE ROWS`;

// In key order: two transactions that make the same lines meet at the first of them and cannot wait for each other.
const MADE = `
INSERT INTO line (line_key) SELECT DISTINCT line_key FROM chunk ORDER BY line_key
ON CONFLICT (line_key) DO NOTHING RETURNING line_id, line_key`;

export const MAKE_LINES = MADE;

/**
 * Makes the lines that are not known and the registrations on them, in one go: lines that this transaction makes are
 * invisible to others and have no registration, so there is nothing to lock, to look up or to compare.
 */
export const WRITE_FRESH = `
WITH made AS (${MADE}), written AS MATERIALIZED (
  SELECT c.*, made.line_id, uuidv7() AS id FROM chunk c JOIN made ON made.line_key = c.line_key ORDER BY made.line_id
), created AS (
  INSERT INTO registration (registration_id, agency_id, reference, line_id, provider_id, package, valid_from, valid_to, apps,
    state, confirmed_at, confirmed_by, document_ref, name_cipher, run_id, row_no, actor_id)
  SELECT id, agency_id, reference, line_id, provider_id, package, valid_from, valid_to, apps,
    state, confirmed_at, confirmed_by, document_ref, name_cipher, $1::int, row_no, $2::int
  FROM written
)
SELECT n, line_id, id, 'created' AS word, state AS becomes, NULL AS was FROM written`;

/** Forgets the rows that are written, given by their n. */
export const FORGET_ROWS = 'DELETE FROM chunk WHERE n = ANY($1::int[])';

/**
 * In id order, before any registration of theirs is read: the next statement then sees what others committed meanwhile.
 * NO KEY, because rows elsewhere that refer to a line need not wait for it.
 */
export const LOCK_KNOWN_LINES = `
SELECT 1 FROM line WHERE line_id IN (SELECT l.line_id FROM chunk c JOIN line l ON l.line_key = c.line_key)
ORDER BY line_id FOR NO KEY UPDATE`;

/**
 * What a row becomes beside what is stored under its key.
 * - A confirmation that is not newer than the person's withdrawal does not count.
 * - A row that is bound to a revision says nothing once that has passed.
 * - A draft that repeats the content of a confirmed (or withdrawn) registration says nothing new.
 */
const compared = (join: 'JOIN' | 'LEFT JOIN'): string => `
WITH incoming AS (
  SELECT c.*, l.line_id, CASE WHEN c.state = 'confirmed' AND c.confirmed_at <= l.withdrawn_at THEN 'withdrawn' ELSE c.state END AS becomes
  FROM chunk c ${join} line l ON l.line_key = c.line_key
), compared AS MATERIALIZED (
  SELECT i.*, coalesce(r.registration_id, uuidv7()) AS id, r.state AS was, r.provider_id AS provider_was,
    CASE
      WHEN i.only_revision IS NOT NULL AND i.only_revision IS DISTINCT FROM r.revision THEN 'same'
      WHEN r.registration_id IS NULL THEN 'created'
      WHEN (r.provider_id, r.package, r.valid_from, r.valid_to, r.apps) IS DISTINCT FROM
           (i.provider_id, i.package, i.valid_from, i.valid_to, i.apps) OR i.name_cipher IS NOT NULL THEN 'amended'
      WHEN i.becomes = 'draft' AND r.state IN ('confirmed', 'withdrawn') THEN 'same'
      WHEN (r.state, r.confirmed_at, r.confirmed_by, r.document_ref) IS DISTINCT FROM
           (i.becomes, i.confirmed_at, i.confirmed_by, i.document_ref) THEN 'amended'
      ELSE 'same'
    END AS word
  FROM incoming i
  LEFT JOIN registration r ON r.agency_id = i.agency_id AND r.reference = i.reference AND r.line_id = i.line_id
  ORDER BY i.n
)`;

export const COMPARE_AND_WRITE = `${compared('JOIN')}, created AS (
  INSERT INTO registration (registration_id, agency_id, reference, line_id, provider_id, package, valid_from, valid_to, apps,
    state, confirmed_at, confirmed_by, document_ref, name_cipher, run_id, row_no, actor_id)
  SELECT id, agency_id, reference, line_id, provider_id, package, valid_from, valid_to, apps,
    becomes, confirmed_at, confirmed_by, document_ref, name_cipher, $1::int, row_no, $2::int
  FROM compared WHERE word = 'created'
), kept AS (
  INSERT INTO registration_history (registration_id, revision, before, replaced_by_run, actor_id)
  SELECT r.registration_id, r.revision, to_jsonb(r), $1::int, $2::int
  FROM compared c JOIN registration r ON r.registration_id = c.id WHERE c.word = 'amended'
), amended AS (
  UPDATE registration r SET provider_id = c.provider_id, package = c.package, valid_from = c.valid_from, valid_to = c.valid_to,
    apps = c.apps, state = c.becomes, confirmed_at = c.confirmed_at, confirmed_by = c.confirmed_by,
    document_ref = c.document_ref, name_cipher = coalesce(c.name_cipher, r.name_cipher), revision = r.revision + 1,
    run_id = $1::int, row_no = c.row_no, actor_id = $2::int, updated_at = now()
  FROM compared c WHERE c.word = 'amended' AND r.registration_id = c.id
)
SELECT n, line_id, id, word, becomes, was, provider_id, provider_was FROM compared`;

/** What COMPARE_AND_WRITE would do, without doing it; also for lines that are not known yet. Nothing is locked. */
export const COMPARE_ONLY = `${compared('LEFT JOIN')}
SELECT word, becomes, count(*) AS rows FROM compared GROUP BY word, becomes`;
