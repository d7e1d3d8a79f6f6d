-- Who did what and when: rows that follow each other in a chain of hashes and are never changed or removed.
-- `hash` is SHA-256 over the hash of the row before and the row's own content (src/services/audit/audit.cpp).

CREATE TABLE audit_entries (
    seq          bigint      PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor_kind   text        NOT NULL,
    -- The person who acted, as a value: a foreign key would forbid to erase them or to keep this.
    actor_id     uuid,
    action       text        NOT NULL,
    subject_kind text        NOT NULL,
    subject_id   text        NOT NULL,
    network      text        NOT NULL,
    request_id   text        NOT NULL,
    details      jsonb       NOT NULL,
    hash         bytea       NOT NULL,
    CONSTRAINT audit_entries_actor_check
        CHECK (actor_kind IN ('person', 'operator', 'anonymous') AND (actor_kind = 'person') = (actor_id IS NOT NULL)),
    CONSTRAINT audit_entries_action_check CHECK (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    CONSTRAINT audit_entries_details_check CHECK (jsonb_typeof(details) = 'object'),
    CONSTRAINT audit_entries_hash_check CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, seq);
CREATE INDEX audit_entries_action ON audit_entries (action COLLATE "C" text_pattern_ops, at);

-- The end of the chain. Its row is the lock that puts the entries in order, and by it a cut-off end is noticed.
CREATE TABLE audit_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint  NOT NULL,
    hash bytea   NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.seq <> OLD.seq + 1) EXECUTE FUNCTION refuse_audit_change();
-- Also where a session plays a replica, which turns ordinary triggers off.
ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_stay;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_moves_on;
