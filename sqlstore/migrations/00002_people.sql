-- Written for PostgreSQL; dialect.go says which words SQLite reads instead.

CREATE TABLE commands (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    batch      TEXT COLLATE "C" NOT NULL,
    robot_id   TEXT COLLATE "C" NOT NULL,
    type       TEXT COLLATE "C" NOT NULL,
    parameters TEXT NOT NULL,
    reason     TEXT NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    message    TEXT NOT NULL,
    answer     TEXT NOT NULL,
    username   TEXT COLLATE "C" NOT NULL,
    address    TEXT NOT NULL,
    clicked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at    TIMESTAMPTZ,
    robot_at   TIMESTAMPTZ,
    ended_at   TIMESTAMPTZ,
    deadline   TIMESTAMPTZ,
    latency_ms DOUBLE PRECISION,
    stop_ms    DOUBLE PRECISION
);
CREATE INDEX commands_created ON commands (created_at, id);
CREATE INDEX commands_robot ON commands (robot_id, created_at, id);
CREATE INDEX commands_type ON commands (type, created_at, id);
CREATE INDEX commands_status ON commands (status, created_at, id);
CREATE INDEX commands_user ON commands (username, created_at, id);
CREATE INDEX commands_batch ON commands (batch) WHERE batch <> '';

CREATE TABLE robot_configs (
    robot_id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version         BIGINT NOT NULL,
    settings        TEXT NOT NULL,
    updated_by      TEXT NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    applied_version BIGINT NOT NULL,
    applied_at      TIMESTAMPTZ,
    message         TEXT NOT NULL
);

-- The job tracker gives the IDs. duration is in seconds, 0 until the job ended.
CREATE TABLE jobs (
    id              BIGINT PRIMARY KEY,
    robot_id        TEXT COLLATE "C" NOT NULL,
    task_name       TEXT COLLATE "C" NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    phase           TEXT NOT NULL,
    items_done      BIGINT NOT NULL,
    items_total     BIGINT NOT NULL,
    percent         DOUBLE PRECISION NOT NULL,
    last_item       TEXT NOT NULL,
    estimated       DOUBLE PRECISION NOT NULL,
    action_duration DOUBLE PRECISION NOT NULL,
    success         BOOLEAN,
    cancel_reason   TEXT NOT NULL,
    robot_start     TIMESTAMPTZ,
    started_at      TIMESTAMPTZ NOT NULL,
    ended_at        TIMESTAMPTZ,
    duration        DOUBLE PRECISION NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX jobs_robot ON jobs (robot_id, id);
CREATE INDEX jobs_status ON jobs (status, id);
CREATE INDEX jobs_task ON jobs (task_name, id);
CREATE INDEX jobs_started ON jobs (started_at, id);
CREATE INDEX jobs_ended ON jobs (ended_at);
-- Holds every column that the totals need.
CREATE INDEX jobs_totals ON jobs (robot_id, status, items_done, items_total, percent, ended_at, duration);

-- search_key holds code, SKU and name in the lower case of every script.
CREATE TABLE items (
    code        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sku         TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    weight_kg   DOUBLE PRECISION NOT NULL,
    location    TEXT NOT NULL,
    received_at TIMESTAMPTZ,
    updated_at  TIMESTAMPTZ NOT NULL,
    search_key  TEXT NOT NULL
);

-- The job tracker gives the IDs.
CREATE TABLE scans (
    id         BIGINT PRIMARY KEY,
    robot_id   TEXT COLLATE "C" NOT NULL,
    job_id     BIGINT NOT NULL,
    code       TEXT COLLATE "C" NOT NULL,
    found      BOOLEAN NOT NULL,
    item       TEXT NOT NULL,
    station    TEXT NOT NULL,
    action     TEXT NOT NULL,
    scanned_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX scans_robot ON scans (robot_id, id);
CREATE INDEX scans_job ON scans (job_id, id);
CREATE INDEX scans_code ON scans (code, id);
CREATE INDEX scans_time ON scans (scanned_at);

-- The log book gives the IDs. robot_id is empty for the server's own lines.
CREATE TABLE logs (
    id        BIGINT PRIMARY KEY,
    logged_at TIMESTAMPTZ NOT NULL,
    level     TEXT COLLATE "C" NOT NULL,
    category  TEXT COLLATE "C" NOT NULL,
    source    TEXT NOT NULL,
    message   TEXT NOT NULL,
    robot_id  TEXT COLLATE "C" NOT NULL,
    details   TEXT NOT NULL
);
CREATE INDEX logs_robot ON logs (robot_id, id);
CREATE INDEX logs_level ON logs (level, id);
CREATE INDEX logs_time ON logs (logged_at);

-- How many lines of a kind ten minutes have; robot_id is # for all robots and the server together.
CREATE TABLE log_counts (
    robot_id TEXT COLLATE "C" NOT NULL,
    bucket   TIMESTAMPTZ NOT NULL,
    level    TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    entries  BIGINT NOT NULL,
    PRIMARY KEY (robot_id, bucket, level, category)
);

-- Which IDs ten minutes have at most; purged lines may be among them.
CREATE TABLE log_spans (
    bucket   TIMESTAMPTZ NOT NULL PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id  BIGINT NOT NULL
);

-- The log book gives the IDs. Rows are never changed and never deleted.
CREATE TABLE audit_log (
    id        BIGINT PRIMARY KEY,
    logged_at TIMESTAMPTZ NOT NULL,
    username  TEXT COLLATE "C" NOT NULL,
    role      TEXT NOT NULL,
    address   TEXT NOT NULL,
    action    TEXT COLLATE "C" NOT NULL,
    robot_id  TEXT COLLATE "C" NOT NULL,
    target    TEXT NOT NULL,
    ok        BOOLEAN NOT NULL,
    message   TEXT NOT NULL,
    details   TEXT NOT NULL
);
CREATE INDEX audit_user ON audit_log (username, id);
CREATE INDEX audit_action ON audit_log (action, id);
CREATE INDEX audit_robot ON audit_log (robot_id, id);
CREATE INDEX audit_time ON audit_log (logged_at, id);

-- robot_id is empty for all robots.
CREATE TABLE reports (
    id          BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    robot_id    TEXT COLLATE "C" NOT NULL,
    report_type TEXT COLLATE "C" NOT NULL,
    data        TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX reports_robot ON reports (robot_id, id);
CREATE INDEX reports_type ON reports (report_type, id);

CREATE TABLE host_keys (
    robot_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key         BYTEA NOT NULL,
    type        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    pinned_at   TIMESTAMPTZ NOT NULL,
    pinned_by   TEXT NOT NULL
);

CREATE TABLE ssh_access (
    robot_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username    TEXT NOT NULL,
    port        BIGINT NOT NULL,
    public_key  TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    created_by  TEXT NOT NULL
);

CREATE TABLE recordings (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    robot_id   TEXT COLLATE "C" NOT NULL,
    username   TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    ended_at   TIMESTAMPTZ,
    bytes      BIGINT NOT NULL,
    file       TEXT NOT NULL
);
CREATE INDEX recordings_started ON recordings (started_at, id);
CREATE INDEX recordings_robot ON recordings (robot_id, started_at, id);
