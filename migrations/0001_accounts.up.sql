-- People, their sessions, and the short-lived secrets that let them in.
-- Secrets are kept as hashes only: a copy of these tables signs nobody in.

CREATE TABLE users (
    id         uuid PRIMARY KEY,
    email      text NOT NULL,
    name       text NOT NULL,
    role       text NOT NULL,
    language   text NOT NULL DEFAULT 'en',
    theme      text NOT NULL DEFAULT 'system',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    integer NOT NULL DEFAULT 1,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT users_name_check CHECK (char_length(name) BETWEEN 1 AND 80),
    CONSTRAINT users_role_check CHECK (role IN ('student', 'teacher', 'administrator')),
    CONSTRAINT users_language_check CHECK (language IN ('en', 'fil')),
    CONSTRAINT users_theme_check CHECK (theme IN ('light', 'dark', 'system'))
);

-- "Is there an administrator yet?" is asked by every signed-out page.
CREATE INDEX users_administrator_idx ON users (id) WHERE role = 'administrator';

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash   bytea NOT NULL,
    device       text NOT NULL,
    network      text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_token_hash_check CHECK (octet_length(token_hash) = 32)
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id, last_seen_at);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE sign_in_codes (
    id         uuid PRIMARY KEY,
    email      text NOT NULL,
    code_hash  bytea NOT NULL,
    link_hash  bytea NOT NULL,
    language   text NOT NULL DEFAULT 'en',
    attempts   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT sign_in_codes_link_hash_key UNIQUE (link_hash),
    CONSTRAINT sign_in_codes_language_check CHECK (language IN ('en', 'fil')),
    CONSTRAINT sign_in_codes_attempts_check CHECK (attempts BETWEEN 0 AND 5)
);

CREATE INDEX sign_in_codes_email_idx ON sign_in_codes (email) WHERE used_at IS NULL;
CREATE INDEX sign_in_codes_expires_at_idx ON sign_in_codes (expires_at);

CREATE TABLE setup_links (
    id         uuid PRIMARY KEY,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    CONSTRAINT setup_links_token_hash_key UNIQUE (token_hash)
);

-- Every server keeps sessions in memory for a minute. Whoever ends one, by whatever statement, tells them all:
-- the hash of one session's token, or the id of a person whose sessions must be read again.
CREATE FUNCTION announce_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('session_ended', encode(OLD.token_hash, 'hex'));
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_announce_end AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION announce_session_end();

CREATE FUNCTION announce_role_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('session_ended', OLD.id::text);
    RETURN NULL;
END
$$;

CREATE TRIGGER users_announce_role AFTER UPDATE OF role ON users
    FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION announce_role_change();
