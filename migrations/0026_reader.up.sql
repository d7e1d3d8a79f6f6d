-- Files are read again when the reader has become better.

-- The version of the reader that made a file's text (extract/read.hpp); 0: from before versions were counted.
ALTER TABLE files ADD COLUMN reader smallint NOT NULL DEFAULT 0;
-- safe: the new check lets in all that the old one did
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
-- safe: the queue holds only work that waits: it is short, and looked through at once
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('read_file', 'fetch_page', 'read_again'));
