-- What the gate judges by: the record of each capability of each component, and the questions that
-- wait for a person.

-- The last uses of one capability of one component, oldest first, as the host packs them. Kept as calls
-- end, so that no verdict has to search `invocations`.
CREATE TABLE history (
    id         INTEGER PRIMARY KEY,
    blake3     BLOB    NOT NULL CHECK (length(blake3) = 32),
    capability TEXT    NOT NULL CHECK (length(capability) BETWEEN 1 AND 64),
    uses       BLOB    NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (blake3, capability)
) STRICT;

-- One row for each call that was held, under the id of its invocation. A yes is bound to everything in
-- the row from `capability` to `caller`, is used once and ends at `expires_at`.
CREATE TABLE approvals (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    asked_at         INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used')),
    capability       TEXT    NOT NULL,
    plugin           TEXT    NOT NULL,
    blake3           BLOB    NOT NULL CHECK (length(blake3) = 32),
    arguments_blake3 BLOB    NOT NULL CHECK (length(arguments_blake3) = 32),
    revision         INTEGER NOT NULL,
    caller_kind      TEXT    NOT NULL CHECK (caller_kind IN ('human', 'agent', 'plugin')),
    caller           TEXT    NOT NULL,
    effect           TEXT    NOT NULL,
    arguments        TEXT    NOT NULL,
    reason           TEXT    NOT NULL,
    decided_at       INTEGER,
    decided_by       TEXT,
    note             TEXT,
    used_by          BLOB    CHECK (length(used_by) = 16),
    used_at          INTEGER,
    CHECK ((state = 'pending') = (decided_at IS NULL)),
    CHECK ((state = 'used') = (used_by IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_state ON approvals (state, asked_at);

-- What of an answer could harm whoever reads it: a JSON array of `{rule, group, severity, excerpt}`.
ALTER TABLE invocations ADD COLUMN flags TEXT CHECK (json_type(flags) = 'array');

-- A capability's place within a task: JSON, where it has one.
ALTER TABLE capabilities ADD COLUMN sequencing TEXT CHECK (json_type(sequencing) = 'object');
CREATE INDEX invocations_task ON invocations (task, seq) WHERE task IS NOT NULL;

-- How freely the host works.
ALTER TABLE instance ADD COLUMN mode TEXT NOT NULL DEFAULT 'build' CHECK (mode IN ('ask', 'plan', 'build', 'auto'));

-- Emergency stops. One holds until it is ended, but for the time for which it was acknowledged.
CREATE TABLE lockouts (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at              INTEGER NOT NULL,
    by              TEXT    NOT NULL,
    reason          TEXT    NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    note            TEXT,
    lifted_until    INTEGER,
    ended_at        INTEGER,
    ended_by        TEXT,
    CHECK ((acknowledged_at IS NULL) = (lifted_until IS NULL))
) STRICT;
CREATE UNIQUE INDEX lockouts_held ON lockouts (ended_at) WHERE ended_at IS NULL;
