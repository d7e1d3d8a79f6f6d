-- Data protection: accounts that wait for their erasure, what was brought along in an archive, chats that are
-- kept for a day, and how long a school keeps what nobody uses.

-- When the account is erased, unless its person signs in before.
ALTER TABLE users ADD COLUMN erase_at timestamptz;
CREATE INDEX users_erase_at ON users (erase_at) WHERE erase_at IS NOT NULL;

-- Keys of a person who leaves are remembered for a minute as sessions are.
CREATE TRIGGER users_announce_erasure AFTER UPDATE OF erase_at ON users
    FOR EACH ROW WHEN (OLD.erase_at IS DISTINCT FROM NEW.erase_at) EXECUTE FUNCTION announce_role_change();

-- Whether beginning this session called an erasure off: its page says so.
ALTER TABLE sessions ADD COLUMN undid_erasure boolean NOT NULL DEFAULT false;

-- What came out of an archive: the id there, and the id of what was made of it here. Made a second time, it
-- would be found by the first. No foreign keys: it may be deleted here and brought again.
CREATE TABLE imported (
    owner_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind        text NOT NULL,
    original_id uuid NOT NULL,
    made_id     uuid NOT NULL,
    PRIMARY KEY (owner_id, kind, original_id),
    CONSTRAINT imported_kind_check CHECK (kind IN ('material', 'entry', 'file', 'chat'))
);
CREATE INDEX imported_made ON imported (owner_id, made_id);

-- In no list and no search, and gone a day after its last message.
ALTER TABLE threads ADD COLUMN temporary boolean NOT NULL DEFAULT false;
CREATE INDEX threads_temporary ON threads (updated_at) WHERE temporary;
DROP INDEX threads_list;
CREATE INDEX threads_list ON threads (owner_id, updated_at DESC, id DESC)
    INCLUDE (title, created_at, chosen, deleted_at) WHERE NOT temporary;

-- Since when the row is here: what was restored, or brought in an archive with its old times, is kept as long as what
-- was made then.
ALTER TABLE threads ADD COLUMN kept_from timestamptz NOT NULL DEFAULT now();
ALTER TABLE materials ADD COLUMN kept_from timestamptz NOT NULL DEFAULT now();

-- For how many months what nobody uses is kept; 0: for ever.
CREATE TABLE retention (
    one              boolean     PRIMARY KEY DEFAULT true CHECK (one),
    chats_months     integer     NOT NULL DEFAULT 0,
    materials_months integer     NOT NULL DEFAULT 0,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT retention_months_check
        CHECK (chats_months BETWEEN 0 AND 120 AND materials_months BETWEEN 0 AND 120)
);
INSERT INTO retention DEFAULT VALUES;
CREATE INDEX threads_unused ON threads (greatest(updated_at, kept_from)) WHERE deleted_at IS NULL AND NOT temporary;
CREATE INDEX materials_unused ON materials (greatest(updated_at, kept_from)) WHERE deleted_at IS NULL;

-- "Who looked at my data?"
CREATE INDEX audit_entries_person ON audit_entries (subject_id, seq) WHERE subject_kind = 'person';
