// Retention of batch bytes: which batches have lost theirs, so that they are not looked at again.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE batch ADD COLUMN bytes_erased boolean NOT NULL DEFAULT false;
CREATE INDEX batch_keeping ON batch (provider_id, ended_at) WHERE NOT bytes_erased;
`;

export class Retention1700000024000 implements MigrationInterface {
  name = 'Retention1700000024000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX batch_keeping; ALTER TABLE batch DROP COLUMN bytes_erased;');
  }
}
