-- Files that come in pieces (tus); each becomes a file with the same id, or goes after a day.
CREATE TABLE uploads (
    id          uuid        PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    material_id uuid        NOT NULL,
    name        text        NOT NULL,
    bytes       bigint      NOT NULL,
    -- Key of the pieces that wait on a disk, sealed.
    sealed_key  bytea       NOT NULL,
    done        boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uploads_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT uploads_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT uploads_bytes_check CHECK (bytes > 0)
);
CREATE INDEX uploads_owner ON uploads (owner_id, material_id);
CREATE INDEX uploads_created ON uploads (created_at);
