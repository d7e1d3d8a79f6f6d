DROP TABLE recovery_codes;
DROP TABLE passkey_challenges;
DROP TABLE passkeys;
