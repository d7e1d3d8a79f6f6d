DROP TABLE identity_claims;
DROP TABLE github_sign_ins;
DROP TABLE identities;
DROP TABLE secret_keys;
