-- What the installation notices by itself: the history of its metrics, its alarms, and its incidents.

-- Every series that was ever seen. Labels hold no personal data.
CREATE TABLE metric_series (
    id     integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name   text    NOT NULL,
    labels jsonb   NOT NULL DEFAULT '{}',
    kind   text    NOT NULL,
    -- Upper bounds of a histogram's buckets, as PostgreSQL writes an array; empty for other kinds.
    bounds text    NOT NULL DEFAULT '{}',
    CONSTRAINT metric_series_kind_check CHECK (kind IN ('counter', 'gauge', 'histogram')),
    CONSTRAINT metric_series_labels_check CHECK (jsonb_typeof(labels) = 'object'),
    CONSTRAINT metric_series_key UNIQUE (name, labels, kind, bounds)
);

-- What each node counted in a minute. `value`: the increase of a counter, what a gauge showed last, the sum of what a
-- histogram observed. The partitions are a ring: slot is the day since 1970, modulo 16, and a slot is emptied before its
-- turn comes again, so that nothing has to be made or dropped while the server runs.
CREATE TABLE metric_minutes (
    slot   smallint         NOT NULL,
    series integer          NOT NULL REFERENCES metric_series,
    at     timestamptz      NOT NULL,
    node   text             NOT NULL,
    value  double precision NOT NULL,
    counts bigint[],
    CONSTRAINT metric_minutes_pkey PRIMARY KEY (series, at, node, slot)
) PARTITION BY LIST (slot);
CREATE TABLE metric_minutes_0 PARTITION OF metric_minutes FOR VALUES IN (0);
CREATE TABLE metric_minutes_1 PARTITION OF metric_minutes FOR VALUES IN (1);
CREATE TABLE metric_minutes_2 PARTITION OF metric_minutes FOR VALUES IN (2);
CREATE TABLE metric_minutes_3 PARTITION OF metric_minutes FOR VALUES IN (3);
CREATE TABLE metric_minutes_4 PARTITION OF metric_minutes FOR VALUES IN (4);
CREATE TABLE metric_minutes_5 PARTITION OF metric_minutes FOR VALUES IN (5);
CREATE TABLE metric_minutes_6 PARTITION OF metric_minutes FOR VALUES IN (6);
CREATE TABLE metric_minutes_7 PARTITION OF metric_minutes FOR VALUES IN (7);
CREATE TABLE metric_minutes_8 PARTITION OF metric_minutes FOR VALUES IN (8);
CREATE TABLE metric_minutes_9 PARTITION OF metric_minutes FOR VALUES IN (9);
CREATE TABLE metric_minutes_10 PARTITION OF metric_minutes FOR VALUES IN (10);
CREATE TABLE metric_minutes_11 PARTITION OF metric_minutes FOR VALUES IN (11);
CREATE TABLE metric_minutes_12 PARTITION OF metric_minutes FOR VALUES IN (12);
CREATE TABLE metric_minutes_13 PARTITION OF metric_minutes FOR VALUES IN (13);
CREATE TABLE metric_minutes_14 PARTITION OF metric_minutes FOR VALUES IN (14);
CREATE TABLE metric_minutes_15 PARTITION OF metric_minutes FOR VALUES IN (15);

-- The same by hours, for thirteen months. A gauge's value is the mean of its minutes. slot is the month, modulo 15.
CREATE TABLE metric_hours (
    slot   smallint         NOT NULL,
    series integer          NOT NULL REFERENCES metric_series,
    at     timestamptz      NOT NULL,
    node   text             NOT NULL,
    value  double precision NOT NULL,
    low    double precision NOT NULL,
    high   double precision NOT NULL,
    counts bigint[],
    CONSTRAINT metric_hours_pkey PRIMARY KEY (series, at, node, slot)
) PARTITION BY LIST (slot);
CREATE TABLE metric_hours_0 PARTITION OF metric_hours FOR VALUES IN (0);
CREATE TABLE metric_hours_1 PARTITION OF metric_hours FOR VALUES IN (1);
CREATE TABLE metric_hours_2 PARTITION OF metric_hours FOR VALUES IN (2);
CREATE TABLE metric_hours_3 PARTITION OF metric_hours FOR VALUES IN (3);
CREATE TABLE metric_hours_4 PARTITION OF metric_hours FOR VALUES IN (4);
CREATE TABLE metric_hours_5 PARTITION OF metric_hours FOR VALUES IN (5);
CREATE TABLE metric_hours_6 PARTITION OF metric_hours FOR VALUES IN (6);
CREATE TABLE metric_hours_7 PARTITION OF metric_hours FOR VALUES IN (7);
CREATE TABLE metric_hours_8 PARTITION OF metric_hours FOR VALUES IN (8);
CREATE TABLE metric_hours_9 PARTITION OF metric_hours FOR VALUES IN (9);
CREATE TABLE metric_hours_10 PARTITION OF metric_hours FOR VALUES IN (10);
CREATE TABLE metric_hours_11 PARTITION OF metric_hours FOR VALUES IN (11);
CREATE TABLE metric_hours_12 PARTITION OF metric_hours FOR VALUES IN (12);
CREATE TABLE metric_hours_13 PARTITION OF metric_hours FOR VALUES IN (13);
CREATE TABLE metric_hours_14 PARTITION OF metric_hours FOR VALUES IN (14);

-- One of several nodes watches at a time: who moves this row on does the work of this turn, in the same transaction.
CREATE TABLE watch_turns (
    one       boolean     PRIMARY KEY DEFAULT true CHECK (one),
    looked_at timestamptz NOT NULL DEFAULT 'epoch',
    -- The first look: before it, nothing is known.
    begun_at  timestamptz,
    -- The first look after nobody looked for a while.
    resumed_at timestamptz NOT NULL DEFAULT 'epoch',
    -- The last hour that is in metric_hours.
    summed_to timestamptz NOT NULL DEFAULT 'epoch'
);
INSERT INTO watch_turns DEFAULT VALUES;

-- Alarms that an operator put beside those that come with the program, or in their place.
CREATE TABLE alarms (
    name       text        PRIMARY KEY,
    definition jsonb       NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT alarms_definition_check CHECK (jsonb_typeof(definition) = 'object')
);

CREATE TABLE incidents (
    id              uuid        PRIMARY KEY,
    number          integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
    title           text        NOT NULL,
    severity        text        NOT NULL,
    state           text        NOT NULL,
    -- What it is about, as the status page names it.
    component       text        NOT NULL,
    -- The group of alarms that opened it; empty: a person did.
    alarms          text        NOT NULL DEFAULT '',
    -- The release that ran when it began.
    release         text        NOT NULL DEFAULT '',
    opened_at       timestamptz NOT NULL,
    -- From when an answer is waited for: it was opened, or has become worse.
    clock_from      timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text        NOT NULL DEFAULT '',
    resolved_at     timestamptz,
    -- Who was told so far: 1 to 4 for L1 to L4; 5: nobody answered at all.
    level           smallint    NOT NULL DEFAULT 0,
    overdue         boolean     NOT NULL DEFAULT false,
    CONSTRAINT incidents_number_key UNIQUE (number),
    CONSTRAINT incidents_severity_check CHECK (severity IN ('P0', 'P1', 'P2', 'P3')),
    CONSTRAINT incidents_state_check CHECK (state IN ('open', 'acknowledged', 'resolved')),
    CONSTRAINT incidents_resolved_check CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT incidents_level_check CHECK (level BETWEEN 0 AND 5)
);
CREATE INDEX incidents_opened_at ON incidents (opened_at);
-- A group of alarms has one incident at a time, whoever notices it.
CREATE UNIQUE INDEX incidents_of_alarms ON incidents (alarms) WHERE alarms <> '' AND state <> 'resolved';

CREATE TABLE incident_events (
    id       uuid        PRIMARY KEY,
    incident uuid        NOT NULL REFERENCES incidents ON DELETE CASCADE,
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,
    -- Who: "alarm", "clock", "operator", or a person's id.
    actor    text        NOT NULL,
    words    text        NOT NULL,
    -- Shown on the status page.
    public   boolean     NOT NULL DEFAULT false,
    CONSTRAINT incident_events_kind_check CHECK (kind IN
        ('opened', 'told', 'acknowledged', 'escalated', 'overdue', 'note', 'decision', 'cleared', 'resolved'))
);
CREATE INDEX incident_events_incident ON incident_events (incident, at);

CREATE TABLE alarm_states (
    alarm    text        PRIMARY KEY,
    state    text        NOT NULL,
    since    timestamptz NOT NULL,
    -- Since when its rule has not been broken any more, while it is still an alarm.
    calm     timestamptz,
    -- How it was found at the last look, in words.
    words    text        NOT NULL DEFAULT '',
    -- The one that it opened or joined.
    incident uuid REFERENCES incidents ON DELETE SET NULL,
    CONSTRAINT alarm_states_state_check CHECK (state IN ('ok', 'alarm', 'no data'))
);
CREATE INDEX alarm_states_incident ON alarm_states (incident);

-- Every change of an alarm's state: what the charts mark.
CREATE TABLE alarm_changes (
    id    uuid        PRIMARY KEY,
    alarm text        NOT NULL,
    at    timestamptz NOT NULL,
    state text        NOT NULL,
    words text        NOT NULL
);
CREATE INDEX alarm_changes_at ON alarm_changes (at);

-- Alarms that tell nobody for a while. `alarm` may end with a star.
CREATE TABLE alarm_silences (
    id       uuid        PRIMARY KEY,
    alarm    text        NOT NULL,
    reason   text        NOT NULL,
    begins   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    CONSTRAINT alarm_silences_ends_check CHECK (ends > begins)
);

-- Messages that have to reach somebody: written in the transaction that gives the reason, sent afterwards.
CREATE TABLE alarm_messages (
    id         uuid        PRIMARY KEY,
    incident   uuid        REFERENCES incidents ON DELETE CASCADE,
    -- What is said to whom; said once.
    key        text        NOT NULL,
    channel    text        NOT NULL,
    target     text        NOT NULL,
    payload    jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    next_try   timestamptz NOT NULL,
    tries      integer     NOT NULL DEFAULT 0,
    sent_at    timestamptz,
    fault      text        NOT NULL DEFAULT '',
    CONSTRAINT alarm_messages_key_key UNIQUE (key),
    CONSTRAINT alarm_messages_channel_check CHECK (channel IN ('mail', 'webhook', 'ntfy', 'slack', 'alertmanager')),
    CONSTRAINT alarm_messages_payload_check CHECK (jsonb_typeof(payload) = 'object')
);
CREATE INDEX alarm_messages_due ON alarm_messages (next_try) WHERE sent_at IS NULL;
CREATE INDEX alarm_messages_incident ON alarm_messages (incident);

-- How long each component of the status page was down on a day, in seconds, as far as it was watched.
CREATE TABLE status_days (
    day       date             NOT NULL,
    component text             NOT NULL,
    watched   double precision NOT NULL,
    down      double precision NOT NULL,
    CONSTRAINT status_days_pkey PRIMARY KEY (day, component)
);

-- Who wants to hear of incidents by mail. Only confirmed addresses are written to.
CREATE TABLE status_subscribers (
    id           uuid        PRIMARY KEY,
    email        text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    confirmed_at timestamptz,
    CONSTRAINT status_subscribers_email_key UNIQUE (email)
);

-- How tasks of regular maintenance went, with what was measured: what the next one is compared with.
CREATE TABLE maintenance_runs (
    id      uuid        PRIMARY KEY,
    task    text        NOT NULL,
    at      timestamptz NOT NULL,
    result  text        NOT NULL,
    words   text        NOT NULL,
    -- {"name": number}
    figures jsonb       NOT NULL DEFAULT '{}',
    CONSTRAINT maintenance_runs_result_check CHECK (result IN ('good', 'attention', 'missing')),
    CONSTRAINT maintenance_runs_figures_check CHECK (jsonb_typeof(figures) = 'object')
);
CREATE INDEX maintenance_runs_task ON maintenance_runs (task, at);
