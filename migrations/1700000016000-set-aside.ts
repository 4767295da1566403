// What is set aside gets a reason of the closed table and is counted in periods; callbacks are known by their id.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- One row per provider, reason, batch, words and ten minutes: whoever floods the hub fills a counter and not a table.
ALTER TABLE set_aside RENAME COLUMN reason TO detail;
ALTER TABLE set_aside
  ADD COLUMN reason  text NOT NULL DEFAULT 'notUsable',
  ADD COLUMN period  timestamptz NOT NULL DEFAULT date_bin('10 minutes', now(), 'epoch'),
  ADD COLUMN times   int NOT NULL DEFAULT 1,       -- messages
  ADD COLUMN last_at timestamptz NOT NULL DEFAULT now();
UPDATE set_aside SET last_at = at, period = date_bin('10 minutes', at, 'epoch');
UPDATE set_aside SET reason = CASE
  WHEN detail LIKE 'no batch%' OR detail LIKE 'this batch was%' THEN 'unknownBatch'
  WHEN detail LIKE 'positions%' THEN 'outside'
  WHEN detail LIKE 'reference%' THEN 'shifted'
  WHEN detail LIKE 'refused as a whole%' THEN 'contradictsReceipt'
  ELSE 'notUsable' END;
-- Rows from before are folded into their period, so that the key below fits them.
WITH folded AS (
  SELECT min(set_aside_id) AS kept, sum(items)::int AS items, count(*)::int AS times, max(at) AS last_at
  FROM set_aside GROUP BY provider_id, reason, coalesce(number, 0), md5(detail), period
), updated AS (
  UPDATE set_aside s SET items = f.items, times = f.times, last_at = f.last_at FROM folded f WHERE s.set_aside_id = f.kept
)
DELETE FROM set_aside WHERE set_aside_id NOT IN (SELECT kept FROM folded);
CREATE UNIQUE INDEX set_aside_key ON set_aside (provider_id, reason, coalesce(number, 0), md5(detail), period);
CREATE INDEX set_aside_recent ON set_aside (provider_id, last_at);

-- Callbacks that were taken, by the hash of their webhook-id: a repeat gets the same answer, other content is set aside.
CREATE TABLE callback (
  provider_id smallint NOT NULL,
  id_hash     bytea NOT NULL,                    -- SHA-256 of the webhook-id, which may hold anything
  body_hash   bytea NOT NULL,                    -- SHA-256 of the body, before compression
  accepted    int,                               -- null while it is being recorded
  set_aside   int,
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider_id, id_hash)
);
CREATE INDEX callback_age ON callback (at);
`;

const DOWN = `
DROP TABLE callback;
DROP INDEX set_aside_recent;
DROP INDEX set_aside_key;
ALTER TABLE set_aside DROP COLUMN reason, DROP COLUMN period, DROP COLUMN times, DROP COLUMN last_at;
ALTER TABLE set_aside RENAME COLUMN detail TO reason;
`;

export class SetAside1700000016000 implements MigrationInterface {
  name = 'SetAside1700000016000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
