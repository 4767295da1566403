// Whole lists of providers: which were used or refused and why, and by what means a comparison was made.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE reconciliation ADD COLUMN means text CHECK (means IN ('digests', 'snapshot')); -- null: what the profile prefers
ALTER TABLE reconciliation DROP CONSTRAINT reconciliation_result_check;
ALTER TABLE reconciliation ADD CONSTRAINT reconciliation_result_check
  CHECK (result IN ('equal', 'differs', 'restored', 'notNow', 'cannotTell', 'refused'));

-- What came as a provider's whole list. The newest used one says what no later one may be older than.
CREATE TABLE snapshot (
  snapshot_id  int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id  smallint NOT NULL REFERENCES provider,
  run_id       int NOT NULL,
  as_of_batch  bigint,                           -- null: nothing of it could be read
  as_of_seq    bigint,
  lines        bigint,
  taken_at     timestamptz,                      -- by the provider's clock
  sha256       bytea,                            -- of its content; null where the protocol has no hash
  bytes        bigint NOT NULL,
  state        text NOT NULL CHECK (state IN ('used', 'refused')),
  detail       text,                             -- why it was refused
  at           timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX snapshot_newest ON snapshot (provider_id, snapshot_id DESC);
`;

const DOWN = `
DROP TABLE snapshot;
UPDATE reconciliation SET result = 'cannotTell' WHERE result = 'refused';
ALTER TABLE reconciliation DROP CONSTRAINT reconciliation_result_check;
ALTER TABLE reconciliation ADD CONSTRAINT reconciliation_result_check
  CHECK (result IN ('equal', 'differs', 'restored', 'notNow', 'cannotTell'));
ALTER TABLE reconciliation DROP COLUMN means;
`;

export class Snapshots1700000028000 implements MigrationInterface {
  name = 'Snapshots1700000028000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    // What was staged for a comparison is made when it is needed.
    const staged = (await runner.query(
      `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^snapshot_line_[0-9]+$'`,
    )) as { relname: string }[];
    for (const { relname } of staged) await runner.query(`DROP TABLE ${relname}`);
    await runner.query(DOWN);
  }
}
