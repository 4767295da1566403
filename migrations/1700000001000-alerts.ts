// Alerts: what needs somebody's eyes until it is over. One open row per kind, provider and subject.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
CREATE TABLE alert (
  alert_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind        text NOT NULL,
  provider_id smallint,                          -- null: it is about the hub
  subject     text NOT NULL,                     -- what it is about, e.g. 'batch:42'; never a line
  text        text NOT NULL,
  raised_at   timestamptz NOT NULL DEFAULT now(),
  last_at     timestamptz NOT NULL DEFAULT now(), -- when it was raised again
  times       int NOT NULL DEFAULT 1,
  ended_at    timestamptz
);
CREATE UNIQUE INDEX alert_open ON alert (kind, coalesce(provider_id, 0), subject) WHERE ended_at IS NULL;
CREATE INDEX alert_newest ON alert (alert_id DESC);
`;

export class Alerts1700000001000 implements MigrationInterface {
  name = 'Alerts1700000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE alert');
  }
}
