-- Copies of folders that calls may change, taken before the guest starts.

-- One row for each, under the id of its invocation. While it is `open`, `partly` or `withheld` its copies
-- are there: `open` until somebody puts them back (what the call came to is in `invocations`), `partly`
-- where something could not be put back, `withheld` where nothing was. `restored`: put back when the call
-- did not go well; `returned`: put back by a person; `gone`: removed, or never whole.
CREATE TABLE snapshots (
    id       BLOB    PRIMARY KEY CHECK (length(id) = 16),
    at       INTEGER NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('open', 'partly', 'withheld', 'restored', 'returned', 'gone')),
    -- The folders: names of grants, and where each is.
    folders  TEXT    NOT NULL CHECK (json_type(folders) = 'array'),
    -- What it holds; nothing until it is whole.
    objects  INTEGER CHECK (objects >= 0),
    bytes    INTEGER CHECK (bytes >= 0),
    -- What putting it back did, or why nothing was put back.
    told     TEXT    CHECK (told IS NULL OR json_type(told) = 'object'),
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshots_there ON snapshots (at) WHERE state IN ('open', 'partly', 'withheld');
