// Setting providers up on a running hub: a profile's version, changes of keys that two people confirm, and tests.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- Grows with every change of the profile: a worker that still knows an older one seals and sends nothing.
ALTER TABLE provider ADD COLUMN version int NOT NULL DEFAULT 1;

-- New keys that wait until two people have heard the same fingerprints over a second channel.
CREATE TABLE key_change (
  change_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  purpose     text NOT NULL,
  keys        jsonb NOT NULL,                    -- [{purpose, name, fingerprint}]; never a key
  ciphertext  bytea,                             -- the secrets by name, under the master key; null once ended
  state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'confirmed', 'cancelled', 'expired')),
  reason      text NOT NULL,
  proposed_by int NOT NULL REFERENCES actor,
  proposed_at timestamptz NOT NULL DEFAULT now(),
  expires_at  timestamptz NOT NULL,
  ended_at    timestamptz
);
CREATE INDEX key_change_provider ON key_change (provider_id, change_id DESC);

CREATE TABLE key_confirmation (
  change_id  int NOT NULL REFERENCES key_change,
  actor_id   int NOT NULL REFERENCES actor,
  heard_from text NOT NULL,                      -- who read the fingerprint out, and over what
  at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (change_id, actor_id)
);

-- A test of a provider, step by step.
CREATE TABLE provider_test (
  test_id     int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  line_no     int NOT NULL,                      -- which of the profile's test lines, from 1
  steps       jsonb NOT NULL DEFAULT '[]',
  state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'passed', 'failed')),
  reason      text NOT NULL,
  actor_id    int NOT NULL REFERENCES actor,
  started_at  timestamptz NOT NULL DEFAULT now(),
  heard_at    timestamptz NOT NULL DEFAULT now(), -- last sign of life of the process that runs it
  ended_at    timestamptz
);
CREATE UNIQUE INDEX provider_test_running ON provider_test (provider_id) WHERE state = 'running';
`;

export class ProviderSetup1700000015000 implements MigrationInterface {
  name = 'ProviderSetup1700000015000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE provider_test, key_confirmation, key_change; ALTER TABLE provider DROP COLUMN version',
    );
  }
}
