DROP TABLE invitations;
DROP TABLE sign_up_policy;
DROP TRIGGER users_announce_suspension ON users;
ALTER TABLE sessions DROP COLUMN proved_at;
-- A program without the column knows no suspension: who was suspended can sign in again.
ALTER TABLE users DROP COLUMN suspended_at;
ALTER TABLE users DROP COLUMN last_seen_at;
