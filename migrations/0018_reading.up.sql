-- Files that have to be read first: PDFs, documents, slides, sheets. They are stored at once, and read by a job.

ALTER TABLE files ADD COLUMN fault text;
ALTER TABLE files ADD COLUMN reason text;
-- safe: the new check lets in all that the old one did; the next migration validates it
ALTER TABLE files DROP CONSTRAINT files_state_check;
ALTER TABLE files ADD CONSTRAINT files_state_check CHECK (state IN ('ready', 'reading', 'failed')) NOT VALID;

-- The page, slide or sheet where a passage begins, from 1; null where a text has none.
ALTER TABLE passages ADD COLUMN page integer;

-- Work that is done sometime soon, by whichever server comes first. A row is deleted with its work's result.
CREATE TABLE jobs (
    id          uuid        PRIMARY KEY,
    kind        text        NOT NULL,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the work is about: the id of a file.
    subject_id  uuid        NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting',
    attempts    integer     NOT NULL DEFAULT 0,
    -- Not before then. Of a job in hand: when another may take it, because who has it has died.
    next_try_at timestamptz NOT NULL DEFAULT now(),
    reason      text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file')),
    CONSTRAINT jobs_state_check CHECK (state IN ('waiting', 'parked')),
    CONSTRAINT jobs_subject_key UNIQUE (kind, owner_id, subject_id)
);
CREATE INDEX jobs_due ON jobs (kind, created_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_owner ON jobs (owner_id);

-- When somebody's work was last taken up: next is who has waited longest since, so that nobody waits behind all of
-- another's.
CREATE TABLE job_turns (
    owner_id uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    taken_at timestamptz NOT NULL
);
