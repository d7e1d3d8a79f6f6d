-- What passages mean, as the model of OPENAI_EMBEDDING_MODEL puts it into numbers. All of it can be made anew from the
-- passages, and goes with them.

CREATE TABLE passage_vectors (
    passage_id bigint  PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    owner_id   uuid    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    model      text    NOT NULL,
    dimensions integer NOT NULL,
    -- The vector has length 1: its numbers are these bytes (signed) times the scale.
    scale      real    NOT NULL,
    numbers    bytea   NOT NULL,
    CONSTRAINT passage_vectors_dimensions_check CHECK (dimensions BETWEEN 1 AND 16384),
    CONSTRAINT passage_vectors_numbers_check CHECK (octet_length(numbers) = dimensions)
);
CREATE INDEX passage_vectors_owner ON passage_vectors (owner_id, passage_id);

-- How often a person's index has changed. Every change updates the row, also one by a program that does not know this.
ALTER TABLE corpora ADD COLUMN changes bigint NOT NULL DEFAULT 0;
CREATE FUNCTION count_corpus_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changes := OLD.changes + 1;
    RETURN NEW;
END
$$;
CREATE TRIGGER corpora_count_changes BEFORE UPDATE ON corpora
    FOR EACH ROW EXECUTE FUNCTION count_corpus_change();

-- How far a person's passages have vectors. They all have those of `model` while `changes` is that of the corpus.
CREATE TABLE vector_corpora (
    owner_id    uuid        PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    model       text        NOT NULL DEFAULT '',
    changes     bigint      NOT NULL DEFAULT -1,
    -- How often vectors were added.
    version     bigint      NOT NULL DEFAULT 0,
    attempts    integer     NOT NULL DEFAULT 0,
    -- Not before then. Of work in hand: when another server may take it, because who has it has died.
    next_try_at timestamptz NOT NULL DEFAULT now(),
    looked_at   timestamptz NOT NULL DEFAULT now()
);
