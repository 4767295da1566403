// Replays: exceptions that somebody wants sent again, frozen as a preview, then carried out in chunks.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE replay (
  replay_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id smallint NOT NULL REFERENCES provider,
  kind        text,                              -- the filter it was made with; null: any
  code        text,
  state       text NOT NULL CHECK (state IN ('previewed', 'running', 'stopped', 'completed', 'withdrawn')),
  lines       int NOT NULL,
  appended    int NOT NULL DEFAULT 0,
  superseded  int NOT NULL DEFAULT 0,
  reason      text,                              -- given when it is started
  actor_id    int NOT NULL REFERENCES actor,
  started_by  int REFERENCES actor,
  created_at  timestamptz NOT NULL DEFAULT now(),
  started_at  timestamptz,
  ended_at    timestamptz
);
CREATE INDEX replay_running ON replay (provider_id) WHERE state = 'running';

CREATE TABLE replay_item (
  replay_id int NOT NULL REFERENCES replay ON DELETE CASCADE,
  seq       bigint NOT NULL,
  number    bigint NOT NULL,
  entry_ref uuid NOT NULL,
  kind      text NOT NULL,
  code      text,
  done      text CHECK (done IN ('appended', 'superseded')),
  PRIMARY KEY (replay_id, seq)
);
`;

export class Replay1700000022000 implements MigrationInterface {
  name = 'Replay1700000022000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE replay_item, replay');
  }
}
