// Provider health that decides dispatch, maintenance windows, pauses that end by themselves, and when keys end.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
ALTER TABLE provider_stream
  ADD COLUMN health text NOT NULL DEFAULT 'healthy' CHECK (health IN ('healthy', 'degraded', 'quarantined', 'disabled')),
  ADD COLUMN ramp int,                            -- batches accepted since it came back; null: full pace
  ADD COLUMN stop_cause text,                     -- why the hub itself paused it; null: a person did, or it is not paused
  ADD COLUMN paused_until timestamptz;            -- null: until somebody resumes it

-- What a provider's health was, why, since when and by whom; the row without end is what it is now.
CREATE TABLE provider_health (
  health_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id  smallint NOT NULL REFERENCES provider,
  health       text NOT NULL CHECK (health IN ('healthy', 'degraded', 'quarantined', 'disabled')),
  cause        text NOT NULL,                     -- a word of HEALTH_CAUSES
  needs_person boolean NOT NULL DEFAULT false,
  why_th       text NOT NULL,
  why_en       text NOT NULL,
  since        timestamptz NOT NULL DEFAULT now(),
  changed_by   int NOT NULL REFERENCES actor,
  ended_at     timestamptz
);
CREATE UNIQUE INDEX provider_health_now ON provider_health (provider_id) WHERE ended_at IS NULL;
CREATE INDEX provider_health_past ON provider_health (provider_id, health_id DESC);

-- Planned beforehand: in it nothing is handed over, nothing counts as failing, and deadlines stand still.
CREATE TABLE maintenance (
  maintenance_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id    smallint NOT NULL REFERENCES provider,
  from_at        timestamptz NOT NULL,
  planned_until  timestamptz NOT NULL,
  until_at       timestamptz NOT NULL,            -- planned_until, or when somebody ended it; from_at: it never was
  reason         text NOT NULL,
  planned_by     int NOT NULL REFERENCES actor,
  planned_at     timestamptz NOT NULL DEFAULT now(),
  ended_by       int REFERENCES actor,
  end_reason     text,
  CHECK (until_at >= from_at AND planned_until > from_at)
);
CREATE INDEX maintenance_by_provider ON maintenance (provider_id, until_at);

-- Seconds of maintenance since a moment: what a deadline that began then is longer by.
CREATE FUNCTION maintained_s(id smallint, since timestamptz) RETURNS float8 LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(extract(epoch FROM least(until_at, now()) - greatest(from_at, since))), 0)::float8
  FROM maintenance WHERE provider_id = id AND until_at > since AND from_at < now() AND until_at > from_at
$$;

-- When certificates and keys of a provider end, as a worker last saw them.
CREATE TABLE provider_key_end (
  provider_id smallint NOT NULL REFERENCES provider,
  purpose     text NOT NULL,                      -- KeyPurpose, or 'server' for the certificate that its server showed
  name        text NOT NULL,
  ends_at     timestamptz NOT NULL,
  seen_at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider_id, purpose, name)
);
`;

const DOWN = `
DROP TABLE provider_key_end;
DROP FUNCTION maintained_s(smallint, timestamptz);
DROP TABLE maintenance;
DROP TABLE provider_health;
ALTER TABLE provider_stream DROP COLUMN health, DROP COLUMN ramp, DROP COLUMN stop_cause, DROP COLUMN paused_until;
`;

export class ProviderHealth1700000030000 implements MigrationInterface {
  name = 'ProviderHealth1700000030000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
