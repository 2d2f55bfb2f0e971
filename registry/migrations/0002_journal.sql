-- The journal of invocations, and the values plugins keep.

-- One row for each call. A call that may change something has its row, `running`, before it runs;
-- the others get theirs when they have ended. `owner` is the process that runs it.
CREATE TABLE invocations (
    seq               INTEGER PRIMARY KEY,
    id                BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    owner             BLOB    NOT NULL CHECK (length(owner) = 16),
    at                INTEGER NOT NULL,
    ended_at          INTEGER,
    status            TEXT    NOT NULL CHECK (status IN ('running', 'ok', 'failed', 'refused', 'fault', 'lost')),
    caller_kind       TEXT    NOT NULL CHECK (caller_kind IN ('human', 'agent', 'plugin')),
    caller            TEXT    NOT NULL,
    capability        TEXT    NOT NULL,
    parent            BLOB    CHECK (length(parent) = 16),
    depth             INTEGER NOT NULL CHECK (depth >= 0),
    task              TEXT,
    plugin            TEXT,
    version           TEXT,
    blake3            BLOB    CHECK (length(blake3) = 32),
    effect            TEXT    CHECK (effect IN ('pure', 'read', 'write', 'network', 'message', 'destructive')),
    code              TEXT,
    message           TEXT,
    input_blake3      BLOB    NOT NULL CHECK (length(input_blake3) = 32),
    input_bytes       INTEGER NOT NULL,
    output_blake3     BLOB    CHECK (length(output_blake3) = 32),
    output_bytes      INTEGER,
    fuel              INTEGER,
    peak_memory_bytes INTEGER,
    wall_us           INTEGER,
    host_calls        INTEGER,
    log_lines_dropped INTEGER,
    cached            INTEGER CHECK (cached IN (0, 1)),
    verdict           TEXT,
    CHECK ((status = 'running') = (ended_at IS NULL))
) STRICT;
CREATE INDEX invocations_capability ON invocations (capability, id);
CREATE INDEX invocations_parent ON invocations (parent) WHERE parent IS NOT NULL;
CREATE INDEX invocations_running ON invocations (owner) WHERE status = 'running';

CREATE TABLE kv (
    module_id INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    key       TEXT    NOT NULL CHECK (length(CAST(key AS BLOB)) BETWEEN 1 AND 256),
    value     BLOB    NOT NULL,
    PRIMARY KEY (module_id, key)
) STRICT, WITHOUT ROWID;
