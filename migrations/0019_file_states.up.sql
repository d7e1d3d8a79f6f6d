ALTER TABLE files VALIDATE CONSTRAINT files_state_check;
