-- Pages that were fetched stay as files; of those that are yet to come there is nothing but the address.
DELETE FROM jobs WHERE kind = 'fetch_page';
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file'));
DELETE FROM files WHERE state = 'fetching';
ALTER TABLE files DROP CONSTRAINT files_fetching_check;
ALTER TABLE files DROP CONSTRAINT files_state_check;
ALTER TABLE files ADD CONSTRAINT files_state_check CHECK (state IN ('ready', 'reading', 'failed'));
ALTER TABLE files DROP COLUMN fetched_at;
ALTER TABLE files DROP COLUMN source_url;
