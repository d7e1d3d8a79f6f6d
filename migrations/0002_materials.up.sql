-- What a student learns from: subjects, materials, written entries, uploaded files, and the index that finds
-- passages in them. Every row names its owner; foreign keys carry the owner along, so that a child can never
-- hang on another person's parent.

CREATE TABLE subjects (
    id         uuid        PRIMARY KEY,
    owner_id   uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       text        NOT NULL,
    -- The name in lower case with single spaces: what makes two names the same.
    name_key   text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version    integer     NOT NULL DEFAULT 1,
    CONSTRAINT subjects_owner_name_key UNIQUE (owner_id, name_key),
    CONSTRAINT subjects_owner_id_key UNIQUE (owner_id, id),
    CONSTRAINT subjects_name_check CHECK (char_length(name) BETWEEN 1 AND 80)
);

CREATE TABLE materials (
    id          uuid        PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    subject_id  uuid,
    title       text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    active      boolean     NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    CONSTRAINT materials_owner_id_key UNIQUE (owner_id, id),
    CONSTRAINT materials_subject_fkey FOREIGN KEY (owner_id, subject_id)
        REFERENCES subjects (owner_id, id) ON DELETE SET NULL (subject_id),
    CONSTRAINT materials_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT materials_description_check CHECK (char_length(description) <= 2000)
);
CREATE INDEX materials_list ON materials (owner_id, updated_at DESC, id DESC);
CREATE INDEX materials_subject ON materials (owner_id, subject_id);

CREATE TABLE entries (
    id          uuid        PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    material_id uuid        NOT NULL,
    title       text        NOT NULL,
    content     text        NOT NULL,
    characters  integer     NOT NULL,
    position    integer     NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    CONSTRAINT entries_owner_id_key UNIQUE (owner_id, id),
    CONSTRAINT entries_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT entries_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT entries_position_check CHECK (position >= 1),
    CONSTRAINT entries_characters_check CHECK (characters >= 0)
);
CREATE INDEX entries_list ON entries (owner_id, material_id, position, id);

CREATE TABLE files (
    id          uuid        PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    material_id uuid        NOT NULL,
    name        text        NOT NULL,
    media_type  text        NOT NULL,
    bytes       bigint      NOT NULL,
    -- SHA-256 of the original, which lies in the file store of its owner under this name.
    digest      bytea       NOT NULL,
    text        text        NOT NULL,
    characters  integer     NOT NULL,
    state       text        NOT NULL DEFAULT 'ready',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    CONSTRAINT files_owner_id_key UNIQUE (owner_id, id),
    CONSTRAINT files_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT files_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT files_bytes_check CHECK (bytes >= 0),
    CONSTRAINT files_characters_check CHECK (characters >= 0),
    CONSTRAINT files_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT files_state_check CHECK (state IN ('ready'))
);
CREATE INDEX files_list ON files (owner_id, material_id, created_at, id);
CREATE INDEX files_digest ON files (owner_id, digest);

-- A text in the index: a live entry or file. What is deleted leaves the index and comes back when restored.
CREATE TABLE sources (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    material_id uuid        NOT NULL,
    entry_id    uuid,
    file_id     uuid,
    CONSTRAINT sources_place_key UNIQUE (id, owner_id, material_id),
    CONSTRAINT sources_entry_key UNIQUE (owner_id, entry_id),
    CONSTRAINT sources_file_key UNIQUE (owner_id, file_id),
    CONSTRAINT sources_material_fkey FOREIGN KEY (owner_id, material_id)
        REFERENCES materials (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT sources_entry_fkey FOREIGN KEY (owner_id, entry_id)
        REFERENCES entries (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT sources_file_fkey FOREIGN KEY (owner_id, file_id)
        REFERENCES files (owner_id, id) ON DELETE CASCADE,
    CONSTRAINT sources_kind_check CHECK (num_nonnulls(entry_id, file_id) = 1)
);
CREATE INDEX sources_material ON sources (owner_id, material_id);

-- A stretch of a source that is found and cited as one. Offsets count code points.
CREATE TABLE passages (
    id           bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id     uuid     NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    source_id    bigint   NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    ordinal      integer  NOT NULL,
    heading_path text[]   NOT NULL,
    start_at     integer  NOT NULL,
    end_at       integer  NOT NULL,
    text         text     NOT NULL,
    language     text     NOT NULL,
    -- Index terms in the passage, for the length part of the ranking.
    length       integer  NOT NULL,
    CONSTRAINT passages_source_ordinal_key UNIQUE (source_id, ordinal),
    CONSTRAINT passages_range_check CHECK (0 <= start_at AND start_at < end_at),
    CONSTRAINT passages_language_check CHECK (language IN ('en', 'fil'))
);
CREATE INDEX passages_owner ON passages (owner_id);

-- How much one person has in the index. Its row is the lock under which that person's index changes.
CREATE TABLE corpora (
    owner_id uuid   PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    passages bigint NOT NULL DEFAULT 0,
    length   bigint NOT NULL DEFAULT 0
);

-- The terms of one person's index and in how many passages each stands.
CREATE TABLE vocabulary (
    id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id uuid    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    term     text    NOT NULL COLLATE "C",
    passages integer NOT NULL,
    CONSTRAINT vocabulary_owner_term_key UNIQUE (owner_id, term)
) WITH (fillfactor = 80);

-- Three neighbouring letters of a term's sound, packed into a number: how misspelt words find their term.
CREATE TABLE vocabulary_trigrams (
    owner_id uuid    NOT NULL,
    trigram  integer NOT NULL,
    term_id  bigint  NOT NULL REFERENCES vocabulary (id) ON DELETE CASCADE,
    PRIMARY KEY (owner_id, trigram, term_id)
);
CREATE INDEX vocabulary_trigrams_term ON vocabulary_trigrams (term_id);

-- For each term and source, the passages that hold the term, packed (see materials/postings.hpp).
CREATE TABLE postings (
    owner_id    uuid    NOT NULL,
    material_id uuid    NOT NULL,
    source_id   bigint  NOT NULL,
    term_id     bigint  NOT NULL REFERENCES vocabulary (id) ON DELETE CASCADE,
    passages    integer NOT NULL,
    hits        text    NOT NULL COLLATE "C",
    PRIMARY KEY (term_id, source_id),
    CONSTRAINT postings_source_fkey FOREIGN KEY (source_id, owner_id, material_id)
        REFERENCES sources (id, owner_id, material_id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX postings_source ON postings (source_id);
