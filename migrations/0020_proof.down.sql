ALTER TABLE threads DROP COLUMN only_materials;
ALTER TABLE messages DROP COLUMN proof;
