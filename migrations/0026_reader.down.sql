-- What waits to be read again stays as it was read.
DELETE FROM jobs WHERE kind = 'read_again';
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file', 'fetch_page'));
ALTER TABLE files DROP COLUMN reader;
