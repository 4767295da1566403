// Replays of uncertain lines: the provider is asked about their batches first; and what a preview leaves out.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE replay
  ADD COLUMN asked_to bigint NOT NULL DEFAULT 0,  -- the provider was asked about its uncertain batches up to this number
  ADD COLUMN asks     int NOT NULL DEFAULT 0,     -- batches it is asked about before anything is sent
  ADD COLUMN held     int NOT NULL DEFAULT 0;     -- open holds that the filter would fit; whoever holds them releases them
`;

export class ReplayAsks1700000032000 implements MigrationInterface {
  name = 'ReplayAsks1700000032000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE replay DROP COLUMN asked_to, DROP COLUMN asks, DROP COLUMN held');
  }
}
