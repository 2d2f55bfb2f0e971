-- Events between plugins, kept until everyone who subscribes was called. What came of each stays in
-- `events` and `invocations`.

-- One row for each event that still waits for someone. `lineage` is what the kernel made of the call
-- that published it; `owner` is the process that ran that call.
CREATE TABLE publications (
    id        INTEGER PRIMARY KEY,
    public_id BLOB    NOT NULL UNIQUE CHECK (length(public_id) = 16),
    owner     BLOB    NOT NULL CHECK (length(owner) = 16),
    topic     TEXT    NOT NULL CHECK (length(topic) BETWEEN 1 AND 64),
    payload   TEXT    NOT NULL CHECK (length(CAST(payload AS BLOB)) <= 65536),
    lineage   TEXT    NOT NULL CHECK (json_type(lineage) = 'object'),
    at        INTEGER NOT NULL
) STRICT;

-- One row for each subscriber of it. Within a lane (publisher, topic, subscriber) the first row is
-- delivered first. `claimed` is the process that is at it.
CREATE TABLE deliveries (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    publication_id INTEGER NOT NULL REFERENCES publications (id) ON DELETE CASCADE,
    owner          BLOB    NOT NULL CHECK (length(owner) = 16),
    publisher      TEXT    NOT NULL,
    topic          TEXT    NOT NULL,
    subscriber     TEXT    NOT NULL,
    capability     TEXT    NOT NULL,
    claimed        BLOB    CHECK (length(claimed) = 16),
    attempts       INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due            INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_lane ON deliveries (publisher, topic, subscriber, id);
CREATE INDEX deliveries_publication ON deliveries (publication_id);
CREATE INDEX deliveries_claimed ON deliveries (claimed) WHERE claimed IS NOT NULL;

-- What one invocation published or delivered.
CREATE INDEX events_invocation ON events (json_extract(event_data, '$.invocation'))
    WHERE event_type IN ('published', 'delivered', 'undelivered');
