-- Web pages as files: a row names the address at once, and a job fetches what stands there.

ALTER TABLE files ADD COLUMN source_url text;
-- When what is kept was fetched; null until it has been.
ALTER TABLE files ADD COLUMN fetched_at timestamptz;
ALTER TABLE files ADD CONSTRAINT files_source_url_check
    CHECK (char_length(source_url) <= 2000 AND source_url ~ '^https?://') NOT VALID;
-- What has been fetched is kept and never fetched again: of a row that is being fetched there is only the address.
ALTER TABLE files ADD CONSTRAINT files_fetching_check
    CHECK (state <> 'fetching' OR fetched_at IS NULL) NOT VALID;
-- safe: the new check lets in all that the old one did
ALTER TABLE files DROP CONSTRAINT files_state_check;
ALTER TABLE files ADD CONSTRAINT files_state_check CHECK (state IN ('ready', 'fetching', 'reading', 'failed')) NOT VALID;
-- safe: the new check lets in all that the old one did
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file', 'fetch_page')) NOT VALID;
