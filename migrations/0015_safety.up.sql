-- What the installation remembers of its own safety.

-- How drills of a recovery went: the history that "brainbytes drill history" shows.
CREATE TABLE drills (
    id          uuid             PRIMARY KEY,
    scenario    text             NOT NULL,
    backup      text             NOT NULL,
    started_at  timestamptz      NOT NULL,
    rto_seconds double precision NOT NULL,
    rpo_seconds double precision NOT NULL,
    good        boolean          NOT NULL,
    -- [{"name":...,"good":...,"detail":...}]
    checks      jsonb            NOT NULL,
    CONSTRAINT drills_rto_check CHECK (rto_seconds >= 0),
    CONSTRAINT drills_checks_check CHECK (jsonb_typeof(checks) = 'array')
);
CREATE INDEX drills_started_at ON drills (started_at);

-- Backups that were made or should have been, for "brainbytes backup status" and for the one of several nodes
-- that makes the next.
CREATE TABLE backup_runs (
    id          uuid             PRIMARY KEY,
    started_at  timestamptz      NOT NULL,
    reason      text             NOT NULL,
    -- The backup's own id; null: none was made, and fault says why.
    backup      text,
    bytes       bigint           NOT NULL DEFAULT 0,
    seconds     double precision NOT NULL DEFAULT 0,
    fault       text,
    CONSTRAINT backup_runs_outcome_check CHECK ((backup IS NULL) <> (fault IS NULL)),
    CONSTRAINT backup_runs_bytes_check CHECK (bytes >= 0)
);
CREATE INDEX backup_runs_started_at ON backup_runs (started_at);
