-- Files that were not read yet, or cannot be, stay as files without text.
DROP TABLE job_turns;
DROP TABLE jobs;
ALTER TABLE passages DROP COLUMN page;
UPDATE files SET state = 'ready' WHERE state <> 'ready';
ALTER TABLE files DROP CONSTRAINT files_state_check;
ALTER TABLE files ADD CONSTRAINT files_state_check CHECK (state IN ('ready'));
ALTER TABLE files DROP COLUMN reason;
ALTER TABLE files DROP COLUMN fault;
