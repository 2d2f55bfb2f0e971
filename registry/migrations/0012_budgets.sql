-- What may be spent, what was, and what running calls have reserved. Amounts are millionths of the
-- operator's unit.

-- A budget is for the calls that fit everything it names; what it does not name fits all.
CREATE TABLE budgets (
    id          INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    -- Who made the first call of the chain.
    caller_kind TEXT    CHECK (caller_kind IN ('human', 'agent', 'plugin')),
    caller      TEXT,
    plugin      TEXT,
    capability  TEXT,
    task        TEXT,
    most        INTEGER NOT NULL CHECK (most >= 0),
    span        TEXT    NOT NULL CHECK (span IN ('hour', 'day', 'month', 'ever')),
    made_at     INTEGER NOT NULL,
    made_by     TEXT    NOT NULL,
    CHECK (caller IS NULL OR caller_kind IS NOT NULL)
) STRICT;

-- One row for each span in which something was spent. Spans begin where the calendar's do, in UTC.
CREATE TABLE budget_spans (
    budget INTEGER NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    start  INTEGER NOT NULL,
    spent  INTEGER NOT NULL CHECK (spent >= 0),
    calls  INTEGER NOT NULL CHECK (calls >= 0),
    PRIMARY KEY (budget, start)
) STRICT, WITHOUT ROWID;

-- One row for each running call and budget it is charged to. It goes in the transaction that closes the call,
-- which adds what the call came to; of a call whose host died, all of it was spent as far as anyone knows.
CREATE TABLE reservations (
    invocation BLOB    NOT NULL CHECK (length(invocation) = 16),
    budget     INTEGER NOT NULL REFERENCES budgets (id) ON DELETE CASCADE,
    start      INTEGER NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (invocation, budget)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_budget ON reservations (budget, start);

-- What a call came to, where its capability costs something.
ALTER TABLE invocations ADD COLUMN cost INTEGER CHECK (cost >= 0);

-- What a call costs: JSON, where it costs something.
ALTER TABLE capabilities ADD COLUMN cost TEXT CHECK (json_type(cost) = 'object');
