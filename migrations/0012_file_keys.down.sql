-- What was stored meanwhile can never be read again: have it exported before.
DROP TABLE file_keys;
