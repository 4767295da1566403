// The first schema: intake, the whitelist's entries and logs, batches, outcomes. Logs and batches are partitioned from here.
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
-- Who did something: people, API keys, the hub itself. Rows elsewhere name their actor by id.
CREATE TABLE actor (
  actor_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO actor (name) VALUES ('system:hub');

CREATE TABLE api_key (
  key_id     text PRIMARY KEY,              -- public part, shown in lists
  key_hash   bytea NOT NULL,                -- SHA-256 of the secret part (256 random bits need no slow hash)
  name       text NOT NULL,
  scopes     text[] NOT NULL,
  actor_id   int NOT NULL REFERENCES actor,
  created_by int NOT NULL REFERENCES actor,
  created_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  last_used_on date
);

-- Append-only record of operators' acts. Holds ids and keyed hashes, never a number.
CREATE TABLE audit (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT now(),
  actor_id int NOT NULL REFERENCES actor,
  act      text NOT NULL,
  subject  text NOT NULL,
  reason   text,
  detail   jsonb
);

CREATE TABLE idempotency_key (
  actor_id    int NOT NULL,
  key         text NOT NULL,
  fingerprint bytea NOT NULL,               -- SHA-256 of method, path and body
  status      int,                          -- null while the first request is still running
  body        jsonb,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor_id, key)
);

CREATE TABLE agency (
  agency_id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code        text NOT NULL UNIQUE,
  name_th     text NOT NULL,
  name_en     text,
  abbr_th     text,
  ministry_th text,
  category    text NOT NULL,
  actor_id    int NOT NULL REFERENCES actor,
  created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE provider (
  provider_id smallint PRIMARY KEY,
  code        text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{2,8}$'),
  profile     jsonb NOT NULL,
  actor_id    int NOT NULL REFERENCES actor,
  updated_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE secret (
  name       text PRIMARY KEY,
  ciphertext bytea NOT NULL,                -- AES-256-GCM under the master key: nonce, tag, data
  actor_id   int NOT NULL REFERENCES actor,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The number of a provider's newest change, alone in its row: it is locked last, and by every append.
CREATE TABLE provider_counter (
  provider_id smallint PRIMARY KEY REFERENCES provider,
  last_seq    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- Who may seal and send for a provider now. The fence grows with every lease; an attempt carries the one it ran under.
CREATE TABLE provider_lease (
  provider_id smallint PRIMARY KEY REFERENCES provider,
  fence       bigint NOT NULL DEFAULT 0,
  owner       text,
  until       timestamptz
) WITH (fillfactor = 10);

-- How far a provider's log is sealed.
CREATE TABLE provider_stream (
  provider_id     smallint PRIMARY KEY REFERENCES provider,
  sealed_seq      bigint NOT NULL DEFAULT 0,
  next_number     bigint NOT NULL DEFAULT 1,
  not_before      timestamptz,                   -- waiting: retry pause, rate limit, closed window
  waiting_for     text,                          -- the reason of not_before in words
  failures        int NOT NULL DEFAULT 0,        -- attempts failed in a row
  paused_at       timestamptz,
  paused_by       int REFERENCES actor,
  pause_reason    text
) WITH (fillfactor = 10);

CREATE TABLE line (
  line_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  line_key     text NOT NULL COLLATE "C" UNIQUE, -- 'M:66…' or 'F:TOT:…'
  withdrawn_at timestamptz                       -- the person asked out; only a newer confirmation counts
) WITH (fillfactor = 90);

-- Withdrawals that outlive the line's erasure: keyed hash, never the number.
CREATE TABLE suppression (
  line_hash    bytea PRIMARY KEY,
  withdrawn_at timestamptz NOT NULL,
  actor_id     int NOT NULL REFERENCES actor,
  created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE import_run (
  run_id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mode          text NOT NULL CHECK (mode IN ('add', 'roster')),
  source        text NOT NULL CHECK (source IN ('csv', 'xlsx', 'ndjson')),
  agency_id     int REFERENCES agency,           -- required for a roster
  dry_run       boolean NOT NULL DEFAULT false,
  state         text NOT NULL CHECK (state IN ('uploading','waiting','running','stopped','completed','failed','undoing','undone')),
  stop_asked    boolean NOT NULL DEFAULT false,
  file_sha256   bytea,
  file_size     bigint,
  understood    jsonb,                           -- encoding, separator, header mapping
  rows_done     bigint NOT NULL DEFAULT 0,       -- rows committed; the run resumes after this one
  counts        jsonb NOT NULL DEFAULT '{}',     -- created, amended, same, drafts, repaired, rejected, removed
  failure       jsonb,
  lease_owner   text,
  lease_until   timestamptz,
  actor_id      int NOT NULL REFERENCES actor,
  created_at    timestamptz NOT NULL DEFAULT now(),
  started_at    timestamptz,
  ended_at      timestamptz
);

-- The original, encrypted, in pieces; erased after its retention.
CREATE TABLE import_file (
  run_id     int NOT NULL REFERENCES import_run ON DELETE CASCADE,
  piece      int NOT NULL,
  ciphertext bytea NOT NULL,
  PRIMARY KEY (run_id, piece)
);
ALTER TABLE import_file ALTER COLUMN ciphertext SET STORAGE EXTERNAL;

CREATE TABLE import_problem (
  run_id   int NOT NULL REFERENCES import_run ON DELETE CASCADE,
  row_no   bigint NOT NULL,
  problems jsonb NOT NULL,
  PRIMARY KEY (run_id, row_no)
);

-- No foreign keys: the one writing path guarantees them, and their row-wise checks halve the speed of an import.
CREATE TABLE registration (
  registration_id uuid PRIMARY KEY DEFAULT uuidv7(),
  agency_id    int NOT NULL,
  reference    text NOT NULL COLLATE "C",
  line_id      bigint NOT NULL,
  provider_id  smallint NOT NULL,
  package      text NOT NULL,
  valid_from   date NOT NULL,
  valid_to     date,
  apps         int NOT NULL DEFAULT 0,           -- bits, see the table app
  state        text NOT NULL CHECK (state IN ('draft','confirmed','cancelled','withdrawn')),
  confirmed_at timestamptz,
  confirmed_by text,
  document_ref text,
  name_cipher  bytea,
  revision     int NOT NULL DEFAULT 1,
  run_id       int,                              -- the import that wrote this revision
  row_no       bigint,
  actor_id     int NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CHECK (valid_to IS NULL OR valid_to >= valid_from),
  CHECK (state <> 'confirmed' OR (confirmed_at IS NOT NULL AND confirmed_by IS NOT NULL AND document_ref IS NOT NULL))
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX registration_key ON registration (agency_id, reference, line_id);
CREATE INDEX registration_line ON registration (line_id);

-- What a registration was before an amendment, so that an import can be undone.
CREATE TABLE registration_history (
  registration_id uuid NOT NULL,
  revision        int NOT NULL,
  before          jsonb NOT NULL,
  replaced_by_run int,
  actor_id        int NOT NULL,
  at              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (registration_id, revision)
);
CREATE INDEX registration_history_run ON registration_history (replaced_by_run) WHERE replaced_by_run IS NOT NULL;

CREATE TABLE app (
  bit  smallint PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text NOT NULL
);
INSERT INTO app VALUES (0, 'webex', 'Cisco Webex'), (1, 'teams', 'Microsoft Teams'), (2, 'meet', 'Google Meet'), (3, 'line', 'LINE');

-- One line on one provider's whitelist: what should be there.
CREATE TABLE entry (
  provider_id smallint NOT NULL,
  line_id     bigint NOT NULL,
  entry_ref   uuid NOT NULL DEFAULT uuidv7(),
  present     boolean NOT NULL,
  package     text,
  valid_from  date,
  valid_to    date,
  revision    int NOT NULL DEFAULT 1,
  last_seq    bigint NOT NULL DEFAULT 0,         -- its latest change; 0: never had one
  due_on      date,                              -- the next day on which the calendar changes it
  PRIMARY KEY (line_id, provider_id),
  UNIQUE (entry_ref, provider_id)
) PARTITION BY LIST (provider_id);

-- The append-only log, one per provider.
CREATE TABLE change (
  provider_id smallint NOT NULL,
  seq         bigint NOT NULL,
  prev_seq    bigint NOT NULL,                   -- the entry's change before; 0: none
  entry_ref   uuid NOT NULL,
  line_id     bigint NOT NULL,
  present     boolean NOT NULL,
  package     text,
  valid_from  date,
  valid_to    date,
  cause       text NOT NULL,
  actor_id    int NOT NULL,
  run_id      int,
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider_id, seq)
) PARTITION BY LIST (provider_id);

CREATE TABLE batch (
  provider_id  smallint NOT NULL,
  number       bigint NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('delta', 'full')),
  from_seq     bigint NOT NULL,
  to_seq       bigint NOT NULL,
  line_count   int NOT NULL,
  collapsed    bigint[] NOT NULL DEFAULT '{}',   -- seqs of the range that a later one of the same entry replaces
  omitted      bigint[] NOT NULL DEFAULT '{}',   -- seqs of the range that wait for a predecessor
  parts        int NOT NULL DEFAULT 1,
  state        text NOT NULL CHECK (state IN ('sealed','handed','accepted','settled','refused','closed','covered')),
  state_reason text,
  sha256       bytea NOT NULL,
  byte_size    bigint NOT NULL,
  sealed_at    timestamptz NOT NULL,
  handed_at    timestamptz,
  accepted_at  timestamptz,
  ended_at     timestamptz,
  said         text CHECK (said IN ('applied', 'already')), -- the provider's word on every line without a bit or an exception
  heard        int NOT NULL DEFAULT 0,           -- lines with an outcome
  n_applied    int NOT NULL DEFAULT 0,
  n_already    int NOT NULL DEFAULT 0,
  n_rejected   int NOT NULL DEFAULT 0,
  n_retrying   int NOT NULL DEFAULT 0,
  n_uncertain  int NOT NULL DEFAULT 0,
  halves_of    bigint,                           -- the refused batch this one is a half of
  root         bigint,                           -- the first refused batch of its family
  ahead        boolean NOT NULL DEFAULT false,   -- one change, sealed ahead of the backlog
  asked        int NOT NULL DEFAULT 0,           -- times the provider was asked about it since its receipt
  sync_id      int,
  PRIMARY KEY (provider_id, number)
) PARTITION BY LIST (provider_id);
CREATE INDEX batch_open ON batch (provider_id, number) WHERE state IN ('sealed', 'handed', 'accepted');
CREATE INDEX batch_range ON batch (provider_id, to_seq);

-- Ranges of refused batches that no half covers yet; sealed before anything later, lowest first.
CREATE TABLE refused_range (
  provider_id smallint NOT NULL REFERENCES provider,
  from_seq    bigint NOT NULL,
  to_seq      bigint NOT NULL,
  halves_of   bigint NOT NULL,
  root        bigint NOT NULL,                   -- the first refused batch of this family, for counting offenders
  PRIMARY KEY (provider_id, from_seq)
);

-- Entries whose latest change is to be sealed ahead of the backlog.
CREATE TABLE push_request (
  provider_id smallint NOT NULL REFERENCES provider,
  entry_ref   uuid NOT NULL,
  at          timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider_id, entry_ref)
);

-- A batch's exact bytes, compressed (zstd), a row a part; large parts are split into pieces.
CREATE TABLE batch_bytes (
  provider_id smallint NOT NULL,
  number      bigint NOT NULL,
  part        int NOT NULL,
  piece       int NOT NULL DEFAULT 0,
  first_n     int NOT NULL,
  last_n      int NOT NULL,
  sha256      bytea NOT NULL,
  zstd        bytea NOT NULL,
  PRIMARY KEY (provider_id, number, part, piece)
) PARTITION BY LIST (provider_id);

-- Full lists only: which entry and which of its changes stands at a position, in blocks of 8,192 positions.
CREATE TABLE full_list_index (
  provider_id smallint NOT NULL,
  number      bigint NOT NULL,
  block       int NOT NULL,
  refs        bytea NOT NULL,                    -- 16 bytes a position
  seqs        bytea NOT NULL,                    -- 8 bytes a position, big endian
  PRIMARY KEY (provider_id, number, block)
) PARTITION BY LIST (provider_id);

-- Outcomes heard in parts: bit n-1-8192*block. A batch answered as a whole has none.
CREATE TABLE outcome_bits (
  provider_id smallint NOT NULL,
  number      bigint NOT NULL,
  block       int NOT NULL,
  applied     bytea NOT NULL,
  already     bytea NOT NULL,
  PRIMARY KEY (provider_id, number, block)
) PARTITION BY LIST (provider_id);

CREATE TABLE attempt (
  provider_id smallint NOT NULL,
  number      bigint NOT NULL,
  attempt_no  int NOT NULL,
  fence       bigint NOT NULL,
  purpose     text NOT NULL CHECK (purpose IN ('handOver', 'ask')),
  started_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  result      text,                              -- a word of HandOverResult or AskResult
  status      int,
  detail      text,
  PRIMARY KEY (provider_id, number, attempt_no)
) PARTITION BY LIST (provider_id);

-- Attempts whose end nobody saw: looked for at every lease.
CREATE INDEX attempt_open ON attempt (provider_id, fence) WHERE ended_at IS NULL;

-- Changes left out of a batch because an earlier change of the entry has no outcome yet.
CREATE TABLE omission (
  provider_id smallint NOT NULL,
  seq         bigint NOT NULL,
  entry_ref   uuid NOT NULL,
  waits_for   bigint NOT NULL,                   -- the seq whose outcome is awaited
  ended_at    timestamptz,
  PRIMARY KEY (provider_id, seq)
) PARTITION BY LIST (provider_id);
CREATE INDEX omission_waiting ON omission (provider_id, waits_for) WHERE ended_at IS NULL;

-- A change that needs more than its batch. Counts only while its seq is the entry's latest.
CREATE TABLE exception (
  provider_id  smallint NOT NULL,
  seq          bigint NOT NULL,
  entry_ref    uuid NOT NULL,
  number       bigint NOT NULL DEFAULT 0,        -- the batch; 0 for a hold that was never sent
  n            int,                              -- the position in it
  kind         text NOT NULL CHECK (kind IN ('rejected','retrying','held','uncertain')),
  code         text,
  heard        jsonb NOT NULL DEFAULT '{}',      -- the set of words heard
  acked_seq    bigint NOT NULL DEFAULT 0,        -- the entry's change that the provider last acknowledged to hold; 0: none
  tries        int NOT NULL DEFAULT 1,
  next_at      timestamptz,
  opened_at    timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  end_reason   text,
  PRIMARY KEY (provider_id, seq, number)
) PARTITION BY LIST (provider_id);
CREATE INDEX exception_batch ON exception (provider_id, number);
CREATE INDEX exception_entry ON exception (provider_id, entry_ref);
CREATE INDEX exception_open ON exception (provider_id, kind, next_at) WHERE ended_at IS NULL;

-- Answers that match nothing that was sent: counted and shown, they move nothing.
CREATE TABLE set_aside (
  set_aside_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id  smallint NOT NULL,
  number       bigint,
  reason       text NOT NULL,
  items        int NOT NULL DEFAULT 1,
  at           timestamptz NOT NULL DEFAULT now()
);

-- A batch sync as ONDE triggers it.
CREATE TABLE sync (
  sync_id    int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('delta', 'full')),
  reason     text NOT NULL,
  actor_id   int NOT NULL REFERENCES actor,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at   timestamptz
);
CREATE TABLE sync_provider (
  sync_id     int NOT NULL REFERENCES sync,
  provider_id smallint NOT NULL REFERENCES provider,
  to_seq      bigint NOT NULL,                   -- the log position that this sync must reach
  lines       int NOT NULL,                      -- what was to be sent when it was triggered
  number      bigint,                            -- the full list's batch
  state       text NOT NULL CHECK (state IN ('waiting','sending','completed','failed','cancelled')),
  ended_at    timestamptz,
  PRIMARY KEY (sync_id, provider_id)
);
CREATE INDEX sync_provider_open ON sync_provider (provider_id) WHERE ended_at IS NULL;

-- Whether the provider acknowledged to have applied exactly this change: it stands in a batch that is not refused, was
-- neither collapsed nor omitted there, and has no exception.
CREATE FUNCTION was_applied(id smallint, s bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce((
    SELECT b.state IN ('accepted', 'settled') AND NOT s = ANY (b.collapsed) AND NOT s = ANY (b.omitted)
    FROM batch b WHERE b.provider_id = id AND b.to_seq >= s AND b.from_seq <= s AND b.state <> 'refused'
    ORDER BY b.to_seq, b.from_seq DESC LIMIT 1
  ), false) AND NOT EXISTS (
    SELECT 1 FROM exception x WHERE x.provider_id = id AND x.seq = s AND (x.end_reason IS NULL OR x.end_reason NOT IN ('answered', 'covered')))
$$;

-- Partitions by provider, and below them by ranges of the log, so that what is settled can be dropped as a whole.
CREATE FUNCTION add_provider_partitions(id smallint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t text;
BEGIN
  EXECUTE format('CREATE TABLE entry_%s PARTITION OF entry FOR VALUES IN (%s) WITH (fillfactor = 90)', id, id);
  FOREACH t IN ARRAY ARRAY['full_list_index','outcome_bits','omission','exception'] LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s)', t || '_' || id, t, id);
  END LOOP;
  EXECUTE format('CREATE TABLE change_%s PARTITION OF change FOR VALUES IN (%s) PARTITION BY RANGE (seq)', id, id);
  FOREACH t IN ARRAY ARRAY['batch','batch_bytes','attempt'] LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES IN (%s) PARTITION BY RANGE (number)', t || '_' || id, t, id);
  END LOOP;
  PERFORM add_range_partitions(id);
END $$;

-- Keeps at least one unused range ahead of the log and of the batch numbers. Cheap when there is nothing to do.
CREATE FUNCTION add_range_partitions(id smallint) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  t text; step bigint; used bigint; lower bigint; made int := 0; name text;
BEGIN
  FOREACH t IN ARRAY ARRAY['change','batch','batch_bytes','attempt'] LOOP
    IF t = 'change' THEN
      step := 4000000; SELECT coalesce(max(last_seq), 0) INTO used FROM provider_counter WHERE provider_id = id;
    ELSE
      step := 20000; SELECT coalesce(max(next_number), 0) INTO used FROM provider_stream WHERE provider_id = id;
    END IF;
    FOR i IN 0..1 LOOP
      lower := (used / step + i) * step;
      name := format('%s_%s_r%s', t, id, lower / step);
      IF to_regclass(name) IS NULL THEN
        -- Made apart and attached: attaching does not stop readers and writers of the parent, creating in place does.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name, t || '_' || id);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', t || '_' || id, name, lower, lower + step);
        IF t = 'batch_bytes' THEN
          EXECUTE format('ALTER TABLE %I ALTER COLUMN zstd SET STORAGE EXTERNAL', name);
        END IF;
        made := made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN made;
END $$;
`;

const DOWN = `
DROP FUNCTION add_range_partitions(smallint);
DROP FUNCTION add_provider_partitions(smallint);
DROP FUNCTION was_applied(smallint, bigint);
DROP TABLE sync_provider, sync, push_request, refused_range, set_aside, exception, omission, attempt, outcome_bits, full_list_index, batch_bytes, batch,
  change, entry, app, registration_history, registration, import_problem, import_file, import_run, suppression, line,
  provider_stream, provider_lease, provider_counter, secret, provider, agency, idempotency_key, audit, api_key, actor CASCADE;
`;

export class First1700000000000 implements MigrationInterface {
  name = 'First1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
