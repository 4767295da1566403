// Moves of lines between providers, planned hand-overs of all lines of a provider, and re-route tasks for ONDE.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- A planned hand-over: what was proposed and counted, who approved exactly that, and how far it is.
CREATE TABLE hand_over (
  hand_over_id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  to_provider   smallint NOT NULL REFERENCES provider,
  limit_s       int NOT NULL CHECK (limit_s > 0), -- so long the old provider keeps a line that the new one has not acknowledged
  state         text NOT NULL CHECK (state IN ('proposed','approved','running','paused','stopped','completed')),
  reason        text NOT NULL,
  plan          jsonb NOT NULL,                  -- counts per old provider
  plan_hash     bytea NOT NULL,                  -- SHA-256 over the plan, the providers and the limit; an approval names it
  proposed_by   int NOT NULL REFERENCES actor,
  proposed_at   timestamptz NOT NULL DEFAULT now(),
  approved_by   int REFERENCES actor,
  approved_at   timestamptz,
  approved_hash bytea,
  started_at    timestamptz,
  round         smallint NOT NULL DEFAULT 1,     -- 1: moving; 2: those that came meanwhile; 3: answers are awaited
  round_over    boolean NOT NULL DEFAULT false,
  after_line    bigint NOT NULL DEFAULT 0,       -- lines up to here are done in this round
  open_seen     int NOT NULL DEFAULT 0,          -- moves that were open when last looked at
  lines_done    int NOT NULL DEFAULT 0,          -- lines whose registrations were changed
  succeeded_at  timestamptz,                     -- since then new registrations go to the successor
  moved_on_at   timestamptz,                     -- when anything last went forward
  ended_at      timestamptz,
  CHECK (state IN ('proposed', 'stopped') OR (approved_by <> proposed_by AND approved_hash = plan_hash))
);
CREATE TABLE hand_over_from (
  hand_over_id  int NOT NULL REFERENCES hand_over,
  from_provider smallint NOT NULL REFERENCES provider,
  PRIMARY KEY (hand_over_id, from_provider)
);

-- Lines that a hand-over leaves where they are.
CREATE TABLE hand_over_exception (
  hand_over_id  int NOT NULL REFERENCES hand_over,
  line_id       bigint NOT NULL,
  from_provider smallint NOT NULL,
  reason        text NOT NULL,
  at            timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (hand_over_id, line_id)
);

-- A line's registrations went from one provider to another. While it is open, the old provider keeps what it has.
-- Written only under the line's lock. Kept when closed: older sheets still name the old provider.
CREATE TABLE move (
  line_id       bigint NOT NULL,
  from_provider smallint NOT NULL,
  to_provider   smallint NOT NULL,
  hand_over_id  int,                             -- null: ONDE named the new provider
  confirmed_at  timestamptz,                     -- the confirmation that named it; only a newer one says otherwise
  limit_at      timestamptz NOT NULL,
  state         text NOT NULL CHECK (state IN ('open','closed')),
  end_reason    text CHECK (end_reason IN ('acknowledged','limit','ended','notHeld')),
  end_detail    text,                            -- at a limit: how the line stood at the new provider
  opened_at     timestamptz NOT NULL DEFAULT now(),
  ended_at      timestamptz,
  PRIMARY KEY (line_id, from_provider),
  CHECK ((state = 'closed') = (end_reason IS NOT NULL))
);
CREATE INDEX move_open ON move (to_provider, line_id) WHERE state = 'open';
CREATE INDEX move_hand_over ON move (hand_over_id, state) WHERE hand_over_id IS NOT NULL;

-- A line that the provider does not have (any more): ONDE finds its new provider, or gives it up.
CREATE TABLE reroute (
  reroute_id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL,
  entry_ref   uuid NOT NULL,
  line_id     bigint NOT NULL,
  seq         bigint NOT NULL,                   -- the change that was rejected
  code        text NOT NULL,
  state       text NOT NULL CHECK (state IN ('open','closed')),
  how         text CHECK (how IN ('resolved','givenUp','notDesired','applied','otherwise')),
  to_provider smallint,
  reason      text,
  opened_at   timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  ended_by    int REFERENCES actor,
  CHECK ((state = 'closed') = (how IS NOT NULL))
);
CREATE UNIQUE INDEX reroute_open ON reroute (provider_id, entry_ref) WHERE state = 'open';
CREATE INDEX reroute_line ON reroute (line_id);

-- Whether the provider has said applied or already of exactly this change. Stricter than was_applied: in a batch that is
-- answered in parts, a line without a word counts as not acknowledged.
CREATE FUNCTION is_acknowledged(id smallint, s bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT s > 0 AND coalesce((
    SELECT b.state = 'settled' OR b.said IS NOT NULL OR coalesce((
      SELECT get_bit(o.applied, p.i % 8192) = 1 OR get_bit(o.already, p.i % 8192) = 1
      FROM (SELECT (s - b.from_seq - (SELECT count(*) FROM unnest(b.collapsed || b.omitted) AS l(seq) WHERE l.seq < s))::int AS i) p
      JOIN outcome_bits o ON b.kind = 'delta' AND o.provider_id = b.provider_id AND o.number = b.number AND o.block = p.i / 8192), false)
    FROM batch b WHERE b.provider_id = id AND b.to_seq >= s AND b.from_seq <= s AND b.state NOT IN ('refused', 'closed', 'covered')
      AND NOT s = ANY (b.collapsed) AND NOT s = ANY (b.omitted)
    ORDER BY b.to_seq LIMIT 1
  ), false) AND NOT EXISTS (
    SELECT 1 FROM exception x WHERE x.provider_id = id AND x.seq = s AND x.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM omission w WHERE w.provider_id = id AND w.seq = s AND w.ended_at IS NULL)
$$;
`;

const DOWN = `
DROP FUNCTION is_acknowledged(smallint, bigint);
DROP TABLE reroute, move, hand_over_exception, hand_over_from, hand_over;
`;

export class Moves1700000011000 implements MigrationInterface {
  name = 'Moves1700000011000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
