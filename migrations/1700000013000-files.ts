// Files: what travels of a sealed part when it is signed and encrypted, and why a line could not be written at all.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- Null where the bytes travel as they are. Closing gives other bytes each time, so they are kept from sealing on.
ALTER TABLE batch_bytes ADD COLUMN enclosed bytea;
-- A fault that the hub found itself, in words; never the content.
ALTER TABLE exception ADD COLUMN detail text;
`;

const DOWN = `
ALTER TABLE exception DROP COLUMN detail;
ALTER TABLE batch_bytes DROP COLUMN enclosed;
`;

export class Files1700000013000 implements MigrationInterface {
  name = 'Files1700000013000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
