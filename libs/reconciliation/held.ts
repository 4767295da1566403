// What a provider was acknowledged to hold: batches that ended are folded in, each once, whatever their order.
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Tx } from '#contracts';
import { inTransaction, query } from '#platform';
import { LEAVES } from './digest/definition.js';
import { DigestTree } from './digest/tree.js';

/** Batches folded in one transaction. */
const BATCHES = 40;

/** HMAC's two pads for a secret of at most 64 bytes (RFC 2104). Throws RangeError for a longer or empty one. */
export function padsOf(secret: Buffer): { inner: Buffer; outer: Buffer } {
  if (secret.length < 1 || secret.length > 64)
    throw new RangeError(`a digest secret has 1 to 64 bytes, this one ${secret.length}`);
  const key = Buffer.concat([secret], 64);
  return { inner: key.map((byte) => byte ^ 0x36) as Buffer, outer: key.map((byte) => byte ^ 0x5c) as Buffer };
}

/** The digest's columns of a row `d` with the columns of `change`, joined with its line `l`. $1 provider, $2 and $3 the pads. */
const DIGESTED = `
  CASE WHEN d.present THEN (get_byte(k.hash, 0) << 8) | get_byte(k.hash, 1) END AS leaf,
  CASE WHEN d.present THEN high_bits(i.hash) END AS item_high, CASE WHEN d.present THEN low_bits(i.hash) END AS item_low`;
const HASHES = `
CROSS JOIN LATERAL (SELECT CASE WHEN d.present THEN hmac_sha256($2, $3, E'WLK1\\x1f' || l.line_key) END AS hash) k
CROSS JOIN LATERAL (SELECT CASE WHEN d.present THEN hmac_sha256($2, $3,
  concat_ws(E'\\x1f', 'WLI1', l.line_key, d.package, d.valid_from::text, coalesce(d.valid_to::text, ''))) END AS hash) i`;

const upsert = (done: string): string => `
WITH ${done}
INSERT INTO held (provider_id, line_id, seq, present, package, valid_from, valid_to, leaf, item_high, item_low)
SELECT $1, d.line_id, d.seq, d.present, d.package, d.valid_from, d.valid_to, ${DIGESTED}
FROM done d JOIN line l USING (line_id) ${HASHES}
ON CONFLICT (provider_id, line_id) DO UPDATE SET seq = excluded.seq, present = excluded.present, package = excluded.package,
  valid_from = excluded.valid_from, valid_to = excluded.valid_to, leaf = excluded.leaf, item_high = excluded.item_high,
  item_low = excluded.item_low
WHERE held.seq < excluded.seq`;

// A line of a batch that ended was applied unless it has an exception that no later answer took back.
const FOLD_DELTAS = upsert(`done AS (
  SELECT DISTINCT ON (c.line_id) c.line_id, c.seq, c.present, c.package, c.valid_from, c.valid_to
  FROM batch b JOIN change c ON c.provider_id = b.provider_id AND c.seq BETWEEN b.from_seq AND b.to_seq
  WHERE b.provider_id = $1 AND b.number = ANY($4::bigint[]) AND NOT c.seq = ANY(b.collapsed) AND NOT c.seq = ANY(b.omitted)
    AND NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = c.seq AND x.number = b.number
      AND x.end_reason IS DISTINCT FROM 'answered')
  ORDER BY c.line_id, c.seq DESC)`);

const FOLD_LIST = upsert(`done AS (
  SELECT c.line_id, c.seq, c.present, c.package, c.valid_from, c.valid_to
  FROM unnest($4::bigint[]) AS s(seq) JOIN change c ON c.provider_id = $1 AND c.seq = s.seq
  WHERE NOT EXISTS (SELECT 1 FROM exception x WHERE x.provider_id = $1 AND x.seq = c.seq AND x.number = $5
    AND x.end_reason IS DISTINCT FROM 'answered'))`);

const FOLD_ANSWERS = upsert(`done AS (
  SELECT DISTINCT ON (c.line_id) c.line_id, c.seq, c.present, c.package, c.valid_from, c.valid_to
  FROM exception x JOIN batch b ON b.provider_id = $1 AND b.number = x.number AND b.folded
  JOIN change c ON c.provider_id = $1 AND c.seq = x.seq
  WHERE x.provider_id = $1 AND x.end_reason = 'answered' AND x.ended_at >= $4::timestamptz - interval '1 minute'
  ORDER BY c.line_id, c.seq DESC)`);

// What a full list does not name is off, as of its position.
const FOLD_ABSENT = `
UPDATE held h SET present = false, seq = $2, leaf = NULL, item_high = NULL, item_low = NULL, package = NULL, valid_from = NULL, valid_to = NULL
WHERE provider_id = $1 AND present AND seq <= $2 AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.line_id = h.line_id)`;

const DIGEST_ANEW = `
UPDATE held h SET leaf = n.leaf, item_high = n.item_high, item_low = n.item_low
FROM (SELECT d.line_id, ${DIGESTED} FROM held d JOIN line l USING (line_id) ${HASHES} WHERE d.provider_id = $1 AND d.present) n
WHERE h.provider_id = $1 AND h.line_id = n.line_id`;

interface Ended {
  number: number;
  kind: 'delta' | 'full';
  to_seq: number;
}

export interface Folded {
  /** Everything acknowledged up to this position of the log is in, so far as it has ended. */
  toSeq: number;
  /** Batches that were folded in now. */
  batches: number;
}

/**
 * Folds in every batch that has ended with `toSeq` at or before `upTo`, and late answers to those folded before. Costs
 * what has changed since the last time; may be killed anywhere and run again. One at a time per provider: the position's
 * row is locked.
 * @param secret the provider's digest secret, 1 to 64 bytes; another one than before digests everything anew
 */
export async function foldHeld(source: DataSource, providerId: number, secret: Buffer, upTo: number): Promise<Folded> {
  const { inner, outer } = padsOf(secret);
  const secretHash = createHash('sha256').update(secret).digest();
  let batches = 0;
  for (;;) {
    const done = await inTransaction(source, async (tx) => {
      await tx.query('INSERT INTO held_position (provider_id) VALUES ($1) ON CONFLICT DO NOTHING', [providerId]);
      const [position] = await tx.query<{
        to_seq: number;
        answers_until: string;
        secret_hash: Buffer | null;
        now: string;
      }>(
        'SELECT to_seq, answers_until::text, secret_hash, now()::text AS now FROM held_position WHERE provider_id = $1 FOR UPDATE',
        [providerId],
      );
      if (!position) throw new Error(`provider ${providerId} has no position of what it holds`);
      if (!position.secret_hash?.equals(secretHash)) await tx.query(DIGEST_ANEW, [providerId, inner, outer]);
      const ended = await tx.query<Ended>(
        `SELECT number, kind, to_seq FROM batch WHERE provider_id = $1 AND state = 'settled' AND NOT folded AND to_seq <= $2
         ORDER BY to_seq LIMIT ${BATCHES}`,
        [providerId, upTo],
      );
      const deltas = ended.filter((batch) => batch.kind === 'delta').map((batch) => batch.number);
      if (deltas.length > 0) await tx.query(FOLD_DELTAS, [providerId, inner, outer, deltas]);
      for (const list of ended.filter((batch) => batch.kind === 'full'))
        await foldList(tx, providerId, list, inner, outer);
      await tx.query(FOLD_ANSWERS, [providerId, inner, outer, position.answers_until]);
      await tx.query('UPDATE batch SET folded = true WHERE provider_id = $1 AND number = ANY($2::bigint[])', [
        providerId,
        ended.map((batch) => batch.number),
      ]);
      const toSeq = Math.max(position.to_seq, ...ended.map((batch) => batch.to_seq));
      await tx.query(
        'UPDATE held_position SET to_seq = $2, answers_until = $3, secret_hash = $4 WHERE provider_id = $1',
        [providerId, toSeq, position.now, secretHash],
      );
      return { toSeq, batches: ended.length };
    });
    batches += done.batches;
    if (done.batches < BATCHES) return { toSeq: done.toSeq, batches };
  }
}

async function foldList(tx: Tx, providerId: number, list: Ended, inner: Buffer, outer: Buffer): Promise<void> {
  await tx.query('CREATE TEMP TABLE IF NOT EXISTS listed (line_id bigint PRIMARY KEY) ON COMMIT DELETE ROWS');
  await tx.query('DELETE FROM listed');
  const blocks = await tx.query<{ block: number }>(
    'SELECT block FROM full_list_index WHERE provider_id = $1 AND number = $2 ORDER BY block',
    [providerId, list.number],
  );
  for (const { block } of blocks) {
    const [row] = await tx.query<{ seqs: Buffer }>(
      'SELECT seqs FROM full_list_index WHERE provider_id = $1 AND number = $2 AND block = $3',
      [providerId, list.number, block],
    );
    const seqs = Array.from({ length: (row?.seqs.length ?? 0) / 8 }, (_, i) =>
      Number(row?.seqs.readBigUInt64BE(i * 8)),
    );
    await tx.query(FOLD_LIST, [providerId, inner, outer, seqs, list.number]);
    await tx.query('INSERT INTO listed SELECT line_id FROM change WHERE provider_id = $1 AND seq = ANY($2::bigint[])', [
      providerId,
      seqs,
    ]);
  }
  await tx.query(FOLD_ABSENT, [providerId, list.to_seq]);
}

// One value for all leaves: 65,536 rows would cost more to read than to make.
const TREE = `
SELECT string_agg(coalesce(digest, '\\x0000000000000000000000000000000000000000'::bytea), ''::bytea ORDER BY n) AS leaves
FROM generate_series(0, ${LEAVES - 1}) AS n LEFT JOIN (
  SELECT leaf, int4send(count(*)::int) || int8send(bit_xor(item_high)) || int8send(bit_xor(item_low)) AS digest
  FROM held WHERE provider_id = $1 AND present GROUP BY leaf) d ON d.leaf = n`;

/** The digest tree of what the provider was acknowledged to hold, as of the last folding. */
export async function heldTree(source: DataSource, providerId: number): Promise<DigestTree> {
  const [row] = await query<{ leaves: Buffer }>(source, TREE, [providerId]);
  return new DigestTree(row?.leaves);
}
