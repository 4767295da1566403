// The removal brake: what a provider may lose in a day, what it lost, what waits for an approval, what was planned.
import type { MigrationInterface, QueryRunner } from 'typeorm';

// A hold stands on the change that the provider has; it says nothing about whether that one was applied.
const judges = (ofTheChange: string): string => `
CREATE OR REPLACE FUNCTION was_applied(id smallint, s bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT b.state IN ('accepted', 'settled') AND NOT s = ANY (b.collapsed) AND NOT s = ANY (b.omitted)
    FROM batch b WHERE b.provider_id = id AND b.to_seq >= s AND b.from_seq <= s AND b.state <> 'refused'
    ORDER BY b.to_seq, b.from_seq DESC LIMIT 1
  ), false) AND NOT EXISTS (
    SELECT 1 FROM exception x WHERE x.provider_id = id AND x.seq = s ${ofTheChange} AND (x.end_reason IS NULL OR x.end_reason NOT IN ('answered', 'covered')))
$$;
CREATE OR REPLACE FUNCTION is_acknowledged(id smallint, s bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT s > 0 AND coalesce((
    SELECT b.state = 'settled' OR b.said IS NOT NULL OR coalesce((
      SELECT get_bit(o.applied, p.i % 8192) = 1 OR get_bit(o.already, p.i % 8192) = 1
      FROM (SELECT (s - b.from_seq - (SELECT count(*) FROM unnest(b.collapsed || b.omitted) AS l(seq) WHERE l.seq < s))::int AS i) p
      JOIN outcome_bits o ON b.kind = 'delta' AND o.provider_id = b.provider_id AND o.number = b.number AND o.block = p.i / 8192), false)
    FROM batch b WHERE b.provider_id = id AND b.to_seq >= s AND b.from_seq <= s AND b.state NOT IN ('refused', 'closed', 'covered')
      AND NOT s = ANY (b.collapsed) AND NOT s = ANY (b.omitted)
    ORDER BY b.to_seq LIMIT 1
  ), false) AND NOT EXISTS (
    SELECT 1 FROM exception x WHERE x.provider_id = id AND x.seq = s ${ofTheChange} AND x.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM omission w WHERE w.provider_id = id AND w.seq = s AND w.ended_at IS NULL)
$$;`;

const UP = `
-- A row a provider, locked by whoever appends removals, after the provider's counter and as the last of all locks.
CREATE TABLE removal_budget (
  provider_id  smallint PRIMARY KEY REFERENCES provider,
  acknowledged bigint NOT NULL DEFAULT 0,        -- entries that it was acknowledged to hold, when they were last counted
  counted_at   timestamptz NOT NULL DEFAULT '-infinity',
  last_at      timestamptz NOT NULL DEFAULT '-infinity' -- the newest reservation: time never goes back, whatever the clock does
) WITH (fillfactor = 10);

-- Removals that were appended, a row a transaction and kind. Those of the kind 'budget' are what the brake allows.
CREATE TABLE removal (
  removal_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL,
  at          timestamptz NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('budget', 'planned', 'handOver', 'approved', 'withdrawn', 'expired')),
  lines       int NOT NULL CHECK (lines > 0),
  subject     int                                -- the planned removal, the hand-over, or the hold
);
CREATE INDEX removal_recent ON removal (provider_id, kind, at) INCLUDE (lines);
CREATE INDEX removal_hand_over ON removal (subject, provider_id) WHERE kind = 'handOver';

-- Removals that are held, gathered by what caused them; the lines are the exceptions of the kind 'held' that name it.
CREATE TABLE removal_hold (
  hold_id     int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  cause       text NOT NULL,
  actor_id    int NOT NULL REFERENCES actor,     -- who caused it
  run_id      int,                               -- the import that caused it
  state       text NOT NULL CHECK (state IN ('open', 'kept', 'releasing', 'released', 'ended')),
  opened_at   timestamptz NOT NULL DEFAULT now(),
  decided_by  int REFERENCES actor,
  decided_at  timestamptz,
  reason      text,
  sha256      bytea,                             -- what was decided on: an approval names it
  lines       int,                               -- how many they were then
  released    int NOT NULL DEFAULT 0,
  ended_at    timestamptz,
  CHECK (state IN ('open', 'ended') OR decided_by IS NOT NULL),
  CHECK (state NOT IN ('releasing', 'released') OR decided_by <> actor_id)
);
CREATE UNIQUE INDEX removal_hold_open ON removal_hold (provider_id, cause, actor_id, run_id) NULLS NOT DISTINCT WHERE state = 'open';
CREATE INDEX removal_hold_undone ON removal_hold (provider_id) WHERE ended_at IS NULL;

ALTER TABLE exception ADD COLUMN hold_id int;
CREATE INDEX exception_hold ON exception (provider_id, hold_id, seq) WHERE hold_id IS NOT NULL AND ended_at IS NULL;

-- A mass removal that was planned: proposed by one, approved by another, drawn on before the day's budget is.
CREATE TABLE planned_removal (
  planned_id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  lines       int NOT NULL CHECK (lines > 0),
  used        int NOT NULL DEFAULT 0,
  valid_until timestamptz NOT NULL,
  reason      text NOT NULL,
  state       text NOT NULL CHECK (state IN ('proposed', 'approved', 'withdrawn')),
  proposed_by int NOT NULL REFERENCES actor,
  proposed_at timestamptz NOT NULL DEFAULT now(),
  approved_by int REFERENCES actor,
  approved_at timestamptz,
  approval_reason text,
  ended_at    timestamptz,
  CHECK (used BETWEEN 0 AND lines),
  CHECK (state <> 'approved' OR approved_by <> proposed_by)
);
CREATE INDEX planned_removal_open ON planned_removal (provider_id) WHERE state = 'approved';

ALTER TABLE repair_item DROP CONSTRAINT repair_item_done_check;
ALTER TABLE repair_item ADD CONSTRAINT repair_item_done_check CHECK (done IN ('appended', 'superseded', 'held'));
${judges('AND x.number <> 0')}

-- The newest change of an entry, at or before s, that said it is there: what the provider holds while its removal is held.
-- Null when there is none, or it is pruned.
CREATE FUNCTION last_present(id smallint, s bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE here bigint := s; there boolean; before bigint;
BEGIN
  LOOP
    SELECT c.present, c.prev_seq INTO there, before FROM change c WHERE c.provider_id = id AND c.seq = here;
    IF NOT FOUND THEN RETURN NULL; END IF;
    IF there THEN RETURN here; END IF;
    here := before;
  END LOOP;
END $$;
`;

const DOWN = `
${judges('')}
DROP FUNCTION last_present(smallint, bigint);
UPDATE repair_item SET done = 'superseded' WHERE done = 'held';
ALTER TABLE repair_item DROP CONSTRAINT repair_item_done_check;
ALTER TABLE repair_item ADD CONSTRAINT repair_item_done_check CHECK (done IN ('appended', 'superseded'));
DROP TABLE planned_removal;
DROP INDEX exception_hold;
ALTER TABLE exception DROP COLUMN hold_id;
DROP TABLE removal_hold, removal, removal_budget;
`;

export class RemovalBrake1700000027000 implements MigrationInterface {
  name = 'RemovalBrake1700000027000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
