-- Passkeys (WebAuthn), the challenges they sign, and the codes for who has lost them.

CREATE TABLE passkeys (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential_id   bytea NOT NULL,
    algorithm       integer NOT NULL,           -- a COSE number: ES256, EdDSA, RS256
    public_key      bytea NOT NULL,
    sign_count      bigint NOT NULL,            -- as the authenticator last said; 0 from those that do not count
    backup_eligible boolean NOT NULL,
    transports      text[] NOT NULL DEFAULT '{}',
    site            text NOT NULL,              -- the host it was made for: it works nowhere else
    name            text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_used_at    timestamptz,
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_credential_id_check CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    CONSTRAINT passkeys_algorithm_check CHECK (algorithm IN (-7, -8, -257)),
    CONSTRAINT passkeys_sign_count_check CHECK (sign_count BETWEEN 0 AND 4294967295),
    CONSTRAINT passkeys_name_check CHECK (char_length(name) BETWEEN 1 AND 80)
);

CREATE INDEX passkeys_user_id_idx ON passkeys (user_id);

-- A challenge is kept as a hash and taken out by the first answer. One to add a passkey belongs to a session, one to
-- sign in to a browser, which shows the token in its cookie.
CREATE TABLE passkey_challenges (
    challenge_hash bytea PRIMARY KEY,
    origin         text NOT NULL,
    session_id     uuid REFERENCES sessions (id) ON DELETE CASCADE,
    browser_hash   bytea,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT passkey_challenges_hash_check CHECK (octet_length(challenge_hash) = 32),
    CONSTRAINT passkey_challenges_holder_check CHECK ((session_id IS NULL) <> (browser_hash IS NULL))
);

CREATE INDEX passkey_challenges_session_id_idx ON passkey_challenges (session_id);
CREATE INDEX passkey_challenges_expires_at_idx ON passkey_challenges (expires_at);

-- Used codes stay until new ones are made. The hash is keyed: a copy of this table signs nobody in.
CREATE TABLE recovery_codes (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash  bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_hash_check CHECK (octet_length(code_hash) = 32)
);
