// What providers call entries (TMF641 service ids), the subscription to their events, and full lists that travel as changes.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- The provider's own name of an entry, from the answer to the change \`seq\`; only protocols that refer to it write here.
CREATE TABLE entry_handle (
  provider_id smallint NOT NULL REFERENCES provider,
  entry_ref   uuid NOT NULL,
  seq         bigint NOT NULL,
  handle      text NOT NULL,
  PRIMARY KEY (provider_id, entry_ref)
);

-- The hub's subscription to a provider's events, shared by all workers. The address holds a token: only its hash is kept.
CREATE TABLE event_subscription (
  provider_id     smallint PRIMARY KEY REFERENCES provider,
  subscription_id text NOT NULL,                 -- the provider's own id of it
  callback_sha256 bytea NOT NULL,
  renewed_at      timestamptz NOT NULL
);

-- A full list that travels as changes: the last line whose entry's current state was appended, and the log position that
-- ends it. Both null for a list that travels as a batch of its own.
ALTER TABLE sync_provider ADD COLUMN restated_line bigint, ADD COLUMN restated_seq bigint;
`;

const DOWN = `
ALTER TABLE sync_provider DROP COLUMN restated_line, DROP COLUMN restated_seq;
DROP TABLE event_subscription, entry_handle;
`;

export class Handles1700000012000 implements MigrationInterface {
  name = 'Handles1700000012000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
