-- The key of each stored file, sealed (docs/architecture.md). One row for each file that a person has stored;
-- without it the file cannot be read. A file without a row was stored before files were sealed.
CREATE TABLE file_keys (
    id         uuid        PRIMARY KEY,
    owner_id   uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest     bytea       NOT NULL,
    sealed_key bytea       NOT NULL,
    -- When the file was last stored: its row in "files" comes a moment later.
    used_at    timestamptz NOT NULL DEFAULT now(),
    -- Kept until then although no row of "files" names it.
    kept_until timestamptz,
    CONSTRAINT file_keys_owner_digest_key UNIQUE (owner_id, digest),
    CONSTRAINT file_keys_digest_check CHECK (octet_length(digest) = 32)
);
CREATE INDEX file_keys_used_at ON file_keys (used_at);
