// The emergency stop: all sending halted at once, recorded, released by two people.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE emergency_stop (
  stop_id         int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  stopped_by      int NOT NULL REFERENCES actor,
  reason          text NOT NULL,
  stopped_at      timestamptz NOT NULL DEFAULT now(),
  providers       smallint[] NOT NULL,           -- those that it paused; others were paused before, and stay so
  release_asked_by int REFERENCES actor,
  release_asked_at timestamptz,
  release_reason  text,
  released_by     int REFERENCES actor,
  released_at     timestamptz
);
CREATE UNIQUE INDEX emergency_stop_open ON emergency_stop ((1)) WHERE released_at IS NULL;
`;

export class EmergencyStop1700000023000 implements MigrationInterface {
  name = 'EmergencyStop1700000023000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE emergency_stop');
  }
}
