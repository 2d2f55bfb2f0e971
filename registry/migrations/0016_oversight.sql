-- What people oversee the gate by: the calls its rules stopped, what was overridden, how good its skeptics
-- are, and of what the guard warned again and again.

-- One row for each call that a rule of the operator's held or refused. The columns from `arguments_blake3` on
-- are there where a person can be asked to override the rule for that very call.
CREATE TABLE stops (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,
    id               BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    at               INTEGER NOT NULL,
    caller_kind      TEXT    NOT NULL CHECK (caller_kind IN ('human', 'agent', 'plugin')),
    caller           TEXT    NOT NULL,
    capability       TEXT    NOT NULL,
    plugin           TEXT    NOT NULL,
    blake3           BLOB    NOT NULL CHECK (length(blake3) = 32),
    effect           TEXT    NOT NULL,
    rule             TEXT    NOT NULL,
    reason           TEXT    NOT NULL,
    stance           TEXT    NOT NULL CHECK (stance IN ('ask', 'never', 'catastrophic')),
    firm             INTEGER NOT NULL CHECK (firm IN (0, 1)),
    arguments_blake3 BLOB    CHECK (length(arguments_blake3) = 32),
    arguments        TEXT,
    revision         INTEGER,
    CHECK ((arguments_blake3 IS NULL) = (revision IS NULL) AND (arguments IS NULL) = (revision IS NULL)),
    CHECK (revision IS NULL OR stance = 'never')
) STRICT;
CREATE INDEX stops_at ON stops (at);
CREATE INDEX stops_plugin ON stops (plugin, at);

-- The rule a yes overrides: a mandate that asks whatever is permitted, or a rule that forbids (`forbidden`).
ALTER TABLE approvals ADD COLUMN overrides TEXT;
ALTER TABLE approvals ADD COLUMN forbidden INTEGER NOT NULL DEFAULT 0 CHECK (forbidden IN (0, 1));
ALTER TABLE approvals ADD COLUMN requested_by TEXT;
ALTER TABLE approvals ADD COLUMN requested_for TEXT;
ALTER TABLE approvals ADD COLUMN final INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1));
CREATE INDEX approvals_overrides ON approvals (overrides, plugin, decided_at) WHERE overrides IS NOT NULL;

-- What a skeptic held against a call, and what became of that: `ran` is the call that was made after all. What
-- changes gets the next number in `changed`.
CREATE TABLE objections (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    changed    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    invocation BLOB    NOT NULL CHECK (length(invocation) = 16),
    skeptic    TEXT    NOT NULL,
    blake3     BLOB    NOT NULL CHECK (length(blake3) = 32),
    severity   TEXT    NOT NULL CHECK (severity IN ('warn', 'block')),
    became     TEXT    NOT NULL CHECK (became IN ('waiting', 'well', 'badly', 'denied', 'refused', 'withdrawn')),
    ran        BLOB    CHECK (length(ran) = 16),
    UNIQUE (invocation, skeptic)
) STRICT;
CREATE INDEX objections_changed ON objections (changed);
CREATE INDEX objections_at ON objections (at);
CREATE INDEX objections_ran ON objections (ran) WHERE ran IS NOT NULL;

-- What the guard warned of in the arguments of calls that may change something, one row for each rule and call.
CREATE TABLE guard_warnings (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    invocation  BLOB    NOT NULL CHECK (length(invocation) = 16),
    caller_kind TEXT    NOT NULL CHECK (caller_kind IN ('human', 'agent', 'plugin')),
    caller      TEXT    NOT NULL,
    rule        TEXT    NOT NULL
) STRICT;
CREATE INDEX guard_warnings_at ON guard_warnings (at);
