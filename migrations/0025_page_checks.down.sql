ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file', 'fetch_page')) NOT VALID;
ALTER TABLE files DROP CONSTRAINT files_state_check;
ALTER TABLE files ADD CONSTRAINT files_state_check
    CHECK (state IN ('ready', 'fetching', 'reading', 'failed')) NOT VALID;
ALTER TABLE files DROP CONSTRAINT files_fetching_check;
ALTER TABLE files ADD CONSTRAINT files_fetching_check
    CHECK (state <> 'fetching' OR fetched_at IS NULL) NOT VALID;
ALTER TABLE files DROP CONSTRAINT files_source_url_check;
ALTER TABLE files ADD CONSTRAINT files_source_url_check
    CHECK (char_length(source_url) <= 2000 AND source_url ~ '^https?://') NOT VALID;
