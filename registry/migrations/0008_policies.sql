-- Every file of rules that was taken, whole: the newest is the last good one. Nothing here is changed
-- or removed.
CREATE TABLE policies (
    revision INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    -- Who, as `kind:name`; `file` for an edit by hand that was found.
    actor    TEXT NOT NULL,
    -- `set`, `allow`, `deny`, `remove` or `edit`.
    action   TEXT NOT NULL,
    text     TEXT NOT NULL,
    blake3   BLOB NOT NULL CHECK (length(blake3) = 32),
    reason   TEXT
) STRICT;

CREATE TRIGGER policies_stay BEFORE DELETE ON policies BEGIN
    SELECT raise(ABORT, 'what rules there were is not forgotten');
END;
CREATE TRIGGER policies_same BEFORE UPDATE ON policies BEGIN
    SELECT raise(ABORT, 'what rules there were does not change');
END;
