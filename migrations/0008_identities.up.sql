-- Ways in that belong to somebody else's service, and the keys of what is stored sealed.

-- Keys that seal columns. Each is itself sealed by a key derived from the server's secret, which is no part of
-- the database: a copy of the tables opens nothing. The newest seals; older ones still open what they sealed.
CREATE TABLE secret_keys (
    id         bytea       PRIMARY KEY,
    sealed_key bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT secret_keys_id_check CHECK (octet_length(id) = 8)
);

-- Accounts elsewhere that sign a person in here. `subject` is the provider's own number of the account: names
-- and addresses there can pass to somebody else.
CREATE TABLE identities (
    id           uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    provider     text        NOT NULL,
    subject      text        NOT NULL,
    login        text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT identities_provider_subject_key UNIQUE (provider, subject),
    CONSTRAINT identities_user_provider_key UNIQUE (user_id, provider),
    CONSTRAINT identities_provider_check CHECK (provider IN ('github')),
    CONSTRAINT identities_subject_check CHECK (char_length(subject) BETWEEN 1 AND 64),
    CONSTRAINT identities_login_check CHECK (char_length(login) BETWEEN 1 AND 100)
);

-- Browsers that are away at GitHub. A row is deleted when its browser comes back, whatever comes of it.
CREATE TABLE github_sign_ins (
    id           uuid        PRIMARY KEY,
    state_hash   bytea       NOT NULL,
    browser_hash bytea       NOT NULL,
    verifier     bytea       NOT NULL,  -- of PKCE, sealed
    -- The signed-in person who links an account; null: somebody signs in.
    user_id      uuid        REFERENCES users (id) ON DELETE CASCADE,
    next         text        NOT NULL,
    language     text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT github_sign_ins_state_hash_key UNIQUE (state_hash),
    CONSTRAINT github_sign_ins_next_check CHECK (char_length(next) <= 2000),
    CONSTRAINT github_sign_ins_language_check CHECK (language IN ('en', 'fil'))
);
CREATE INDEX github_sign_ins_user_id_idx ON github_sign_ins (user_id);
CREATE INDEX github_sign_ins_expires_at_idx ON github_sign_ins (expires_at);

-- A GitHub account whose address has an account here that is not linked: it waits until whoever holds the
-- browser also proves to read the mail of that address.
CREATE TABLE identity_claims (
    id           uuid        PRIMARY KEY,
    browser_hash bytea       NOT NULL,
    provider     text        NOT NULL,
    subject      text        NOT NULL,
    login        text        NOT NULL,
    email        text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT identity_claims_browser_hash_key UNIQUE (browser_hash),
    CONSTRAINT identity_claims_provider_check CHECK (provider IN ('github'))
);
CREATE INDEX identity_claims_expires_at_idx ON identity_claims (expires_at);
