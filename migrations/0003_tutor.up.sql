-- Conversations: threads, their messages as a tree, and replies while they stream.

CREATE TABLE threads (
    id           uuid        PRIMARY KEY,
    owner_id     uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title        text        NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    title_source text        NOT NULL CHECK (title_source IN ('default', 'words', 'model', 'person')),
    -- True: the tutor reads only the materials in thread_materials. False: all active ones of the owner.
    chosen       boolean     NOT NULL DEFAULT false,
    -- Newest message of the branch that is shown. No foreign key: messages go only with their thread.
    leaf_id      uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    version      integer     NOT NULL DEFAULT 1
);
-- Carries everything the list shows, so that listing need not visit the table.
CREATE INDEX threads_list ON threads (owner_id, updated_at DESC, id DESC)
    INCLUDE (title, created_at, chosen, deleted_at);

CREATE TABLE thread_materials (
    thread_id   uuid NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    material_id uuid NOT NULL REFERENCES materials (id) ON DELETE CASCADE,
    PRIMARY KEY (thread_id, material_id)
);
CREATE INDEX thread_materials_material ON thread_materials (material_id);

CREATE TABLE messages (
    id            uuid        PRIMARY KEY,
    thread_id     uuid        NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    owner_id      uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The id that clients see; for a question it is theirs and makes sending twice harmless.
    client_id     text        NOT NULL CHECK (client_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    parent_id     uuid        REFERENCES messages (id) ON DELETE CASCADE,
    role          text        NOT NULL CHECK (role IN ('user', 'assistant')),
    text          text        NOT NULL,
    sources       jsonb,
    state         text        NOT NULL
                  CHECK (state IN ('complete', 'streaming', 'stopped', 'interrupted', 'failed')),
    mode          text        CHECK (mode IN ('model', 'extractive')),
    model         text,
    error         text,
    finish_reason text,
    prompt_tokens bigint,
    answer_tokens bigint,
    -- The running server (reply_nodes) that makes this reply.
    boot          uuid,
    created_at    timestamptz NOT NULL DEFAULT now(),
    search        tsvector    GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, left(text, 50000))) STORED,
    CONSTRAINT messages_thread_client_key UNIQUE (thread_id, client_id),
    CHECK (role = 'assistant' OR state = 'complete'),
    CHECK (state <> 'streaming' OR boot IS NOT NULL)
);
-- At most one reply runs in a thread: the second of two simultaneous sends fails here.
CREATE UNIQUE INDEX messages_one_reply ON messages (thread_id) WHERE state = 'streaming';
CREATE INDEX messages_parent ON messages (parent_id);
CREATE INDEX messages_owner ON messages (owner_id);
CREATE INDEX messages_search ON messages USING gin (search);

-- Text of replies that still stream, folded into the message at their end. `seq` is the byte offset.
-- No foreign key: it would cost more than the rows, which live for seconds and go with the sweep.
CREATE TABLE reply_chunks (
    message_id uuid    NOT NULL,
    seq        integer NOT NULL,
    text       text    NOT NULL,
    sources    jsonb,
    PRIMARY KEY (message_id, seq)
);

-- Running servers. A reply whose server stopped renewing its row is an orphan and becomes interrupted.
CREATE TABLE reply_nodes (
    boot    uuid        PRIMARY KEY,
    home    text        NOT NULL,  -- machine and data folder
    pid     integer     NOT NULL,
    started bigint      NOT NULL,  -- start of the process in clock ticks since the machine's: tells reused pids apart
    seen_at timestamptz NOT NULL DEFAULT now()
);
