-- Materials that others may read, and never change: by a link, or named by their address.
CREATE TABLE shares (
    id          uuid        PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    material_id uuid        NOT NULL,
    -- SHA-256 of the token in a link.
    token_hash  bytea,
    -- Of a person, who need not have an account yet. Whoever has proved to own the address may read.
    email       text,
    expires_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shares_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT shares_token_key UNIQUE (token_hash),
    CONSTRAINT shares_email_key UNIQUE (owner_id, material_id, email),
    CONSTRAINT shares_kind_check CHECK (num_nonnulls(token_hash, email) = 1),
    CONSTRAINT shares_email_check CHECK (email = lower(email))
);
CREATE INDEX shares_email ON shares (email);

-- Who has opened a link, and reads by it until it is revoked.
CREATE TABLE share_readers (
    share_id  uuid        NOT NULL REFERENCES shares (id) ON DELETE CASCADE,
    reader_id uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    opened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (share_id, reader_id)
);
CREATE INDEX share_readers_reader ON share_readers (reader_id);

-- Of a copy: what it is a copy of, which may be gone, and who shared that, while they have an account.
CREATE TABLE material_origins (
    material_id     uuid        PRIMARY KEY,
    owner_id        uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    origin_material uuid        NOT NULL,
    origin_owner    uuid        REFERENCES users (id) ON DELETE SET NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- Null while it is being copied. What stays so is half a copy, and goes.
    finished_at     timestamptz,
    CONSTRAINT material_origins_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE
);
CREATE INDEX material_origins_place ON material_origins (owner_id, material_id);
CREATE INDEX material_origins_owner ON material_origins (origin_owner);
CREATE INDEX material_origins_half ON material_origins (created_at) WHERE finished_at IS NULL;
