-- What a person planned for a task: what may be called for it, and how long it should take. A task nobody
-- planned is only a name that calls are counted under.
CREATE TABLE tasks (
    name         TEXT    PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 128),
    capabilities TEXT    NOT NULL CHECK (json_type(capabilities) = 'array'),
    estimate_ms  INTEGER CHECK (estimate_ms > 0),
    -- Since it was planned, or resumed.
    since        INTEGER NOT NULL,
    -- Why it is paused, if it is.
    paused       TEXT,
    planned_at   INTEGER NOT NULL,
    planned_by   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
