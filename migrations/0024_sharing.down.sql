DROP TABLE material_origins;
DROP TABLE share_readers;
DROP TABLE shares;
