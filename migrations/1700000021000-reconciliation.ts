// Reconciliation: comparisons with what a provider holds, the drift they found, and the plans that put it right.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE reconciliation (
  run_id       int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id  smallint NOT NULL REFERENCES provider,
  actor_id     int NOT NULL REFERENCES actor,
  reason       text NOT NULL,
  result       text CHECK (result IN ('equal', 'differs', 'restored', 'notNow', 'cannotTell')), -- null while it runs
  detail       text,
  as_of_seq    bigint,                           -- what the provider said it had applied
  held_here    bigint,                           -- entries it was acknowledged to hold
  held_there   bigint,                           -- entries it holds
  awaiting     int NOT NULL DEFAULT 0,           -- differences whose entries have something under way
  drifted      int NOT NULL DEFAULT 0,
  round_trips  int NOT NULL DEFAULT 0,
  bytes        bigint NOT NULL DEFAULT 0,
  forward_to   bigint,                           -- a provider that lost data: what changed after as_of_seq, up to here, is said again
  forwarded    int NOT NULL DEFAULT 0,
  forward_ended_at timestamptz,
  created_at   timestamptz NOT NULL DEFAULT now(),
  started_at   timestamptz,
  ended_at     timestamptz
);
CREATE UNIQUE INDEX reconciliation_open ON reconciliation (provider_id) WHERE ended_at IS NULL;
CREATE INDEX reconciliation_newest ON reconciliation (provider_id, run_id DESC);

-- A difference, as long as every comparison finds the same one. It falls when its entry changes.
CREATE TABLE drift (
  provider_id smallint NOT NULL,
  ref         text NOT NULL,                     -- the entry's, or one that is none of ours
  seq         bigint NOT NULL,                   -- the entry's latest change when it was found; 0: no entry
  kind        text NOT NULL CHECK (kind IN ('missing', 'extra', 'differs', 'unknown')),
  cause       text NOT NULL,
  observed    bytea,                             -- the item there; null: not held
  seen        int NOT NULL DEFAULT 1,
  first_run   int NOT NULL REFERENCES reconciliation,
  last_run    int NOT NULL REFERENCES reconciliation,
  plan_id     int,
  PRIMARY KEY (provider_id, ref)
);
CREATE INDEX drift_cause ON drift (provider_id, kind, cause);

CREATE TABLE repair_plan (
  plan_id     int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  sha256      bytea NOT NULL,                    -- of its items: an approval names it
  additions   int NOT NULL,
  removals    int NOT NULL,
  state       text NOT NULL CHECK (state IN ('proposed', 'applying', 'applied', 'stale', 'withdrawn')),
  reason      text NOT NULL,
  actor_id    int NOT NULL REFERENCES actor,
  created_at  timestamptz NOT NULL DEFAULT now(),
  approved_by int REFERENCES actor,
  approved_at timestamptz,
  approval_reason text,
  appended    int NOT NULL DEFAULT 0,
  superseded  int NOT NULL DEFAULT 0,
  ended_at    timestamptz
);
CREATE TABLE repair_item (
  plan_id   int NOT NULL REFERENCES repair_plan ON DELETE CASCADE,
  entry_ref uuid NOT NULL,
  seq       bigint NOT NULL,
  act       text NOT NULL CHECK (act IN ('add', 'remove')),
  done      text CHECK (done IN ('appended', 'superseded')),
  PRIMARY KEY (plan_id, entry_ref)
);
`;

const DOWN = 'DROP TABLE repair_item, repair_plan, drift, reconciliation';

export class Reconciliation1700000021000 implements MigrationInterface {
  name = 'Reconciliation1700000021000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
