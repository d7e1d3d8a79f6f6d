-- Secrets of the installation that an operator gave with `brainbytes secret set`, sealed; read at the start of the
-- server for options that nothing else sets.
CREATE TABLE kept_secrets (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL,
    sealed     bytea       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT kept_secrets_name_key UNIQUE (name)
);
