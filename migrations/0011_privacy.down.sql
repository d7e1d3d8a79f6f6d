DROP INDEX audit_entries_person;
DROP INDEX materials_unused;
DROP INDEX threads_unused;
DROP TABLE retention;
ALTER TABLE materials DROP COLUMN kept_from;
ALTER TABLE threads DROP COLUMN kept_from;
DROP INDEX threads_list;
DROP INDEX threads_temporary;
-- A program without the column would show chats that were begun as temporary ones.
DELETE FROM threads WHERE temporary;
ALTER TABLE threads DROP COLUMN temporary;
CREATE INDEX threads_list ON threads (owner_id, updated_at DESC, id DESC)
    INCLUDE (title, created_at, chosen, deleted_at);
DROP TABLE imported;
ALTER TABLE sessions DROP COLUMN undid_erasure;
DROP INDEX users_erase_at;
-- Whoever waits for the erasure of their account keeps it, and can ask again.
DROP TRIGGER users_announce_erasure ON users;
ALTER TABLE users DROP COLUMN erase_at;
