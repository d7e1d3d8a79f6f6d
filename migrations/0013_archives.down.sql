DROP TABLE archives;
DELETE FROM mail_queue WHERE kind = 'archive_ready';
ALTER TABLE mail_queue DROP CONSTRAINT mail_queue_kind_check;
ALTER TABLE mail_queue ADD CONSTRAINT mail_queue_kind_check
    CHECK (kind IN ('new_device', 'address_asked', 'address_changed', 'weekly'));
