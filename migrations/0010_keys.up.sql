-- API keys, changes of address, and mails that wait to be sent.

-- Keys by which a program acts for a person. The row is deleted when the key is revoked.
CREATE TABLE api_keys (
    id                uuid        PRIMARY KEY,
    user_id           uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name              text        NOT NULL,
    scopes            text[]      NOT NULL,
    token_hash        bytea       NOT NULL,
    token_start       text        NOT NULL,  -- its first characters, by which its person recognises it
    created_at        timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz NOT NULL,
    last_used_at      timestamptz,
    last_used_network text,
    CONSTRAINT api_keys_token_hash_key UNIQUE (token_hash),
    CONSTRAINT api_keys_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT api_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT api_keys_scopes_check
        CHECK (cardinality(scopes) BETWEEN 1 AND 3 AND scopes <@ ARRAY['read', 'write', 'admin'])
);
CREATE INDEX api_keys_user_id_idx ON api_keys (user_id);
CREATE INDEX api_keys_expires_at_idx ON api_keys (expires_at);
CREATE TRIGGER api_keys_announce_end AFTER DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION announce_session_end();

-- The address a person wants to change to, until they enter the code that was mailed there.
CREATE TABLE address_changes (
    user_id    uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    email      text        NOT NULL,
    code_hash  bytea       NOT NULL,
    attempts   integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT address_changes_attempts_check CHECK (attempts BETWEEN 0 AND 5),
    CONSTRAINT address_changes_code_hash_check CHECK (octet_length(code_hash) = 32)
);
CREATE INDEX address_changes_expires_at_idx ON address_changes (expires_at);

-- Notices on their way. A row goes when its mail was taken; who claims one moves `next_try_at` on before the
-- try, so that a server that dies with it loses nothing. 'parked': refused for good, or too often.
CREATE TABLE mail_queue (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id     uuid        REFERENCES users (id) ON DELETE CASCADE,
    address     text,       -- null: the address that the person has when the mail goes out
    kind        text        NOT NULL,
    language    text        NOT NULL,
    payload     jsonb       NOT NULL DEFAULT '{}',  -- never a secret
    state       text        NOT NULL DEFAULT 'waiting',
    attempts    integer     NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mail_queue_recipient_check CHECK (user_id IS NOT NULL OR address IS NOT NULL),
    CONSTRAINT mail_queue_kind_check CHECK (kind IN ('new_device', 'address_asked', 'address_changed', 'weekly')),
    CONSTRAINT mail_queue_language_check CHECK (language IN ('en', 'fil')),
    CONSTRAINT mail_queue_payload_check CHECK (jsonb_typeof(payload) = 'object'),
    CONSTRAINT mail_queue_state_check CHECK (state IN ('waiting', 'parked'))
);
CREATE INDEX mail_queue_next_try_at_idx ON mail_queue (next_try_at) WHERE state = 'waiting';
CREATE INDEX mail_queue_user_id_idx ON mail_queue (user_id);

-- Addresses whose mail server refused a mail for good: no notice goes there until a sign-in proves it read.
CREATE TABLE bouncing_addresses (
    address text        PRIMARY KEY,
    since   timestamptz NOT NULL DEFAULT now()
);

-- Which notices a person wants; who has no row wants what the defaults say.
CREATE TABLE notice_choices (
    user_id    uuid    PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    new_device boolean NOT NULL DEFAULT true,
    weekly     boolean NOT NULL DEFAULT false,
    weekly_for date    -- the Sunday that was dealt with last
);

-- From which device in which network a person has signed in, in the words of the sessions page.
CREATE TABLE known_devices (
    user_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    device       text        NOT NULL,
    network      text        NOT NULL,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, device, network)
);
CREATE INDEX known_devices_last_seen_at_idx ON known_devices (last_seen_at);
INSERT INTO known_devices (user_id, device, network)
SELECT DISTINCT user_id, device, network FROM sessions WHERE network <> '';
