-- What all servers must agree on about who asks how often, and what was asked before.

-- One token bucket each, for signing in and mail. A bucket is full again at `full_at`; the key is a hash, since
-- the addresses of people without an account are nobody's business. Rows of full buckets are swept.
CREATE TABLE rate_limits (
    key     bytea       PRIMARY KEY,
    full_at timestamptz NOT NULL,
    CONSTRAINT rate_limits_key_check CHECK (octet_length(key) = 32)
);
CREATE INDEX rate_limits_full_at_idx ON rate_limits (full_at);

-- Creates that came with an Idempotency-Key, for a day. Without a status one is being carried out by whoever
-- holds `claim`; when that takes too long, another may claim it. `made_id` is the id of what is made: it stays
-- the same whoever carries it out, so the primary key of the other table lets one of them through.
CREATE TABLE idempotency_keys (
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    route       text        NOT NULL,
    key         text        NOT NULL,
    fingerprint text        NOT NULL,
    made_id     uuid        NOT NULL,
    claim       uuid        NOT NULL,
    claimed_at  timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    status      integer,
    headers     text[],     -- name, value, name, value
    body        bytea,      -- NULL: too long to keep; it is read again
    PRIMARY KEY (owner_id, route, key),
    CONSTRAINT idempotency_keys_key_check CHECK (char_length(key) BETWEEN 1 AND 200),
    CONSTRAINT idempotency_keys_body_check CHECK (octet_length(body) <= 16384)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
