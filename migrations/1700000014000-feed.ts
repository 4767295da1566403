// The pull feed and receipts: when the provider itself said that it has a batch, which pages it read, how often it was reminded.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- When the provider's own receipt came (its answer, its receipt file, its cursor after the batch's last page). A batch
-- that is accepted without one lies with the provider whole, as a file or in the feed, and the provider has not said so.
ALTER TABLE batch ADD COLUMN receipt_at timestamptz;
UPDATE batch SET receipt_at = accepted_at WHERE state = 'accepted';

-- The format of its bytes, since a profile may change after it was sealed; null: sealed before this was recorded.
ALTER TABLE batch ADD COLUMN format text;

-- Pages that were given out; what was given out once stays in the feed for ever.
CREATE TABLE feed_page (
  provider_id smallint NOT NULL REFERENCES provider,
  number      bigint NOT NULL,
  part        int NOT NULL,
  first_at    timestamptz NOT NULL DEFAULT now(),
  last_at     timestamptz NOT NULL DEFAULT now(),
  times       int NOT NULL DEFAULT 1,
  PRIMARY KEY (provider_id, number, part)
);

-- How far a provider has read its feed, and how often it was reminded since.
CREATE TABLE feed_reader (
  provider_id  smallint PRIMARY KEY REFERENCES provider,
  number       bigint NOT NULL DEFAULT 0,        -- the cursor that it came with last: the page that it read last
  part         int NOT NULL DEFAULT 0,
  pulled_at    timestamptz,                      -- when it last asked for a page
  reminders    int NOT NULL DEFAULT 0,           -- since the oldest unread batch was told
  reminded_at  timestamptz,
  reminded_of  bigint                            -- the batch that the reminders are about
) WITH (fillfactor = 10);
`;

const DOWN = `
DROP TABLE feed_reader, feed_page;
ALTER TABLE batch DROP COLUMN format, DROP COLUMN receipt_at;
`;

export class Feed1700000014000 implements MigrationInterface {
  name = 'Feed1700000014000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
