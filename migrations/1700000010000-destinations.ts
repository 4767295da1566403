// Destination lists: what was imported, what was proposed and approved, numbered versions, and who enforces which.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- A vendor's list as it was read, with where it came from. Never changed.
CREATE TABLE destination_source (
  source_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  vendor      text NOT NULL CHECK (vendor IN ('microsoft', 'google', 'cisco', 'line', 'manual')),
  format      text NOT NULL,
  version     text NOT NULL,                     -- the vendor's own, or the day of the list
  file_sha256 bytea NOT NULL,
  file_size   int NOT NULL,
  sets        jsonb NOT NULL,                    -- [{set, name, cidrs, domains, flows}] as the vendor wrote them
  set_count   int NOT NULL,
  value_count int NOT NULL,
  notes       text[] NOT NULL DEFAULT '{}',
  actor_id    int NOT NULL REFERENCES actor,
  created_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (vendor, format, version)
);

-- What may not be in a list, and how large it may be. The newest row is in force; without one, the file of the station.
CREATE TABLE destination_policy (
  policy_id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  policy     jsonb NOT NULL,
  reason     text NOT NULL,
  actor_id   int NOT NULL REFERENCES actor,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- A proposed list. An approval counts only while approved_sha256 is content_sha256.
CREATE TABLE destination_draft (
  draft_id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state           text NOT NULL CHECK (state IN ('proposed', 'approved', 'published', 'withdrawn')),
  reason          text NOT NULL,
  selections      jsonb NOT NULL,                -- which sets of which sources
  entries         jsonb NOT NULL,
  denied          jsonb NOT NULL,                -- what was left out, with the reason
  collapsed       int NOT NULL DEFAULT 0,        -- values that a larger network of the list covers
  effective_at    timestamptz,                   -- null: as soon as it is published
  content_sha256  text NOT NULL,                 -- over entries and effective_at
  rollback_of     bigint,                        -- the version whose content this is
  proposed_by     int NOT NULL REFERENCES actor,
  proposed_at     timestamptz NOT NULL DEFAULT now(),
  approved_sha256 text,
  approved_by     int REFERENCES actor,
  approved_at     timestamptz,
  version         bigint,
  CHECK (approved_by IS NULL OR approved_by <> proposed_by)
);

CREATE TABLE destination_version (
  version      bigint PRIMARY KEY,               -- YYYYMMDDNN
  draft_id     int NOT NULL UNIQUE REFERENCES destination_draft,
  entries      jsonb NOT NULL,
  sha256       text NOT NULL,                    -- of the entries alone
  effective_at timestamptz NOT NULL,
  in_force_at  timestamptz,                      -- set when it took effect
  cancelled_at timestamptz,                      -- taken back before it took effect
  rollback_of  bigint,
  reason       text NOT NULL,
  proposed_by  int NOT NULL REFERENCES actor,
  approved_by  int NOT NULL REFERENCES actor,
  published_by int NOT NULL REFERENCES actor,
  published_at timestamptz NOT NULL DEFAULT now(),
  CHECK (approved_by <> proposed_by)
);
CREATE INDEX destination_version_waiting ON destination_version (effective_at) WHERE in_force_at IS NULL AND cancelled_at IS NULL;

-- What one provider has: the version it acknowledged last, and what its adapter wants remembered.
CREATE TABLE destination_provider (
  provider_id    smallint PRIMARY KEY REFERENCES provider,
  acknowledged   bigint,                         -- version
  enforced_since timestamptz,
  last_number    bigint NOT NULL DEFAULT 0,      -- of messages to this provider
  memory         jsonb
);

CREATE TABLE destination_delivery (
  provider_id     smallint NOT NULL REFERENCES provider,
  version         bigint NOT NULL REFERENCES destination_version,
  number          bigint,                        -- given at the first attempt
  since           bigint,                        -- the diff in the message is counted from this version
  state           text NOT NULL CHECK (state IN ('waiting', 'told', 'offered', 'acknowledged', 'superseded')),
  attempts        int NOT NULL DEFAULT 0,
  failures        int NOT NULL DEFAULT 0,        -- in a row
  not_before      timestamptz,
  detail          text,                          -- how the last attempt ended
  created_at      timestamptz NOT NULL DEFAULT now(),
  told_at         timestamptz,
  acknowledged_at timestamptz,
  PRIMARY KEY (provider_id, version)
);
CREATE INDEX destination_delivery_open ON destination_delivery (provider_id) WHERE state IN ('waiting', 'told', 'offered');

CREATE TABLE destination_attempt (
  provider_id smallint NOT NULL,
  version     bigint NOT NULL,
  attempt_no  int NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  result      text,
  status      int,
  detail      text,
  PRIMARY KEY (provider_id, version, attempt_no)
);
`;

const DOWN = `
DROP TABLE destination_attempt, destination_delivery, destination_provider, destination_version, destination_draft,
  destination_policy, destination_source;
`;

export class Destinations1700000010000 implements MigrationInterface {
  name = 'Destinations1700000010000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
