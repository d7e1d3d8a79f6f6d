-- Who may make an account, invitations, suspended people, and how long ago a session proved who holds it.

ALTER TABLE users ADD COLUMN suspended_at timestamptz;
ALTER TABLE users ADD COLUMN last_seen_at timestamptz;

-- The last time the holder of the session entered something mailed to them.
ALTER TABLE sessions ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now();
UPDATE sessions SET proved_at = created_at;

CREATE TRIGGER users_announce_suspension AFTER UPDATE OF suspended_at ON users
    FOR EACH ROW WHEN (OLD.suspended_at IS DISTINCT FROM NEW.suspended_at) EXECUTE FUNCTION announce_role_change();

CREATE TABLE sign_up_policy (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    -- 'open': everybody; 'invited': nobody without an invitation; 'domains': also who has an address there.
    sign_up    text        NOT NULL DEFAULT 'open',
    domains    text[]      NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sign_up_policy_sign_up_check CHECK (sign_up IN ('open', 'invited', 'domains')),
    CONSTRAINT sign_up_policy_domains_check CHECK (cardinality(domains) <= 50),
    CONSTRAINT sign_up_policy_some_domain_check CHECK (sign_up <> 'domains' OR cardinality(domains) > 0)
);
INSERT INTO sign_up_policy DEFAULT VALUES;

CREATE TABLE invitations (
    id          uuid        PRIMARY KEY,
    email       text        NOT NULL,
    role        text        NOT NULL,
    language    text        NOT NULL,
    token_hash  bytea       NOT NULL,
    invited_by  uuid        REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at  timestamptz,
    CONSTRAINT invitations_token_hash_key UNIQUE (token_hash),
    CONSTRAINT invitations_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT invitations_role_check CHECK (role IN ('student', 'teacher', 'administrator')),
    CONSTRAINT invitations_language_check CHECK (language IN ('en', 'fil'))
);
-- One at a time is open for an address: a new one takes the place of the one before.
CREATE UNIQUE INDEX invitations_open ON invitations (email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitations_invited_by ON invitations (invited_by);
CREATE INDEX invitations_expires_at ON invitations (expires_at);
