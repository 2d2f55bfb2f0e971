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
