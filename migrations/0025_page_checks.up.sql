-- Looks at the rows that were there before the checks of 0022.
ALTER TABLE files VALIDATE CONSTRAINT files_source_url_check;
ALTER TABLE files VALIDATE CONSTRAINT files_fetching_check;
ALTER TABLE files VALIDATE CONSTRAINT files_state_check;
ALTER TABLE jobs VALIDATE CONSTRAINT jobs_kind_check;
