-- The archive of a person's data, made while they do something else; it lies ready for a week.
CREATE TABLE archives (
    owner_id  uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    asked_at  timestamptz NOT NULL DEFAULT now(),
    -- A server that dies while it makes one leaves this standing; another begins anew after a while.
    begun_at  timestamptz,
    ready_at  timestamptz,
    failed_at timestamptz,
    -- Names the file in the store, as in "file_keys".
    digest    bytea,
    bytes     bigint,
    CONSTRAINT archives_ready_check CHECK ((ready_at IS NULL) = (digest IS NULL) AND (digest IS NULL) = (bytes IS NULL)),
    CONSTRAINT archives_failed_check CHECK (failed_at IS NULL OR ready_at IS NULL)
);
CREATE INDEX archives_waiting ON archives (asked_at) WHERE ready_at IS NULL AND failed_at IS NULL;
CREATE INDEX archives_ready ON archives (ready_at) WHERE ready_at IS NOT NULL;

ALTER TABLE mail_queue DROP CONSTRAINT mail_queue_kind_check;
ALTER TABLE mail_queue ADD CONSTRAINT mail_queue_kind_check
    CHECK (kind IN ('new_device', 'address_asked', 'address_changed', 'weekly', 'archive_ready'));
