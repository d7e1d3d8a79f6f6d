DROP TABLE setup_links;
DROP TABLE sign_in_codes;
DROP TABLE sessions;
DROP TABLE users;
DROP FUNCTION announce_session_end();
DROP FUNCTION announce_role_change();
