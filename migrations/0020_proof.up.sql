-- How the cited sentences of a reply stand to their passages, and threads that answer from materials alone.
-- safe: columns without a default that is computed are added without rewriting the table.
ALTER TABLE messages ADD COLUMN proof jsonb;
ALTER TABLE threads ADD COLUMN only_materials boolean NOT NULL DEFAULT false;
