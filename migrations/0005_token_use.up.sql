-- Tokens that people had a language model read and write, by day (UTC): what budgets are checked against.

CREATE TABLE token_use (
    owner_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day      date NOT NULL,
    tokens   bigint NOT NULL,
    PRIMARY KEY (owner_id, day),
    CONSTRAINT token_use_tokens_check CHECK (tokens >= 0)
);

-- The day of the whole school.
CREATE INDEX token_use_day_idx ON token_use (day) INCLUDE (tokens);
