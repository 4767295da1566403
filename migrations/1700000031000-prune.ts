// Pruning: what a settled, superseded change leaves behind, and how walks over the log go on where it was.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- Some of its changes are pruned: a position cannot be told from the log any more, so no further answer is taken.
ALTER TABLE batch ADD COLUMN pruned boolean NOT NULL DEFAULT false;

-- To whom a line was disclosed by changes that are pruned; those in the log are added to it when it is asked.
CREATE TABLE disclosure (
  line_id     bigint NOT NULL,
  provider_id smallint NOT NULL,
  first_at    timestamptz NOT NULL,
  last_at     timestamptz NOT NULL,
  times       int NOT NULL,
  PRIMARY KEY (line_id, provider_id)
);

-- What a provider last acknowledged to hold of an entry before the change s: the newest earlier change that was sent and
-- applied; 0 when there is none. Where the change before is pruned, the exception of this one still knows it.
CREATE FUNCTION acked_before(id smallint, s bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE here bigint := s; before bigint; known bigint;
BEGIN
  LOOP
    SELECT c.prev_seq INTO before FROM change c WHERE c.provider_id = id AND c.seq = here;
    IF NOT FOUND THEN RETURN 0; END IF;
    IF before = 0 THEN RETURN 0; END IF;
    IF NOT EXISTS (SELECT 1 FROM change c WHERE c.provider_id = id AND c.seq = before) THEN
      SELECT x.acked_seq INTO known FROM exception x WHERE x.provider_id = id AND x.seq = here ORDER BY x.number DESC LIMIT 1;
      RETURN coalesce(known, 0);
    END IF;
    IF was_applied(id, before) THEN RETURN before; END IF;
    here := before;
  END LOOP;
END $$;
`;

const DOWN = `
DROP FUNCTION acked_before(smallint, bigint);
DROP TABLE disclosure;
ALTER TABLE batch DROP COLUMN pruned;
`;

export class Prune1700000031000 implements MigrationInterface {
  name = 'Prune1700000031000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
