-- The registry: what is installed, what it may do, how it fares, what happened.
-- Times are milliseconds since the Unix epoch. Public ids are UUIDs, sixteen bytes.

-- One row: which database this is, and a number that grows with every change a snapshot must see.
CREATE TABLE instance (
    only       INTEGER PRIMARY KEY CHECK (only = 1),
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    revision   INTEGER NOT NULL
) STRICT;
INSERT INTO instance VALUES (1, randomblob(16), CAST(unixepoch('subsec') * 1000 AS INTEGER), 1);

-- One row for each plugin. What depends on the version is the active version's.
CREATE TABLE modules (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id     BLOB    NOT NULL UNIQUE CHECK (length(public_id) = 16),
    name          TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    display_name  TEXT    NOT NULL,
    type          TEXT    NOT NULL CHECK (type IN ('orchestrator', 'analyzer', 'executor', 'integration',
                                                   'tool', 'monitor', 'ai-feature', 'skeptic')),
    version       TEXT    NOT NULL CHECK (version GLOB '[0-9]*.[0-9]*.[0-9]*'),
    entry_point   TEXT    NOT NULL,
    main_function TEXT    NOT NULL,
    config_path   TEXT    NOT NULL,
    installed_at  INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    enabled       INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    auto_start    INTEGER NOT NULL DEFAULT 0 CHECK (auto_start IN (0, 1)),
    description   TEXT    NOT NULL,
    author        TEXT    NOT NULL,
    license       TEXT    NOT NULL,
    category      TEXT    CHECK (category IN ('core', 'experimental', 'community', 'forged')),
    tags          TEXT    NOT NULL CHECK (json_type(tags) = 'array'),
    features      TEXT    NOT NULL CHECK (json_type(features) = 'array'),
    priority      TEXT    NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'critical')),
    singleton     INTEGER NOT NULL CHECK (singleton IN (0, 1)),
    cache_results INTEGER NOT NULL CHECK (cache_results IN (0, 1)),
    revision      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX modules_name ON modules (name);
CREATE INDEX modules_type ON modules (type);
CREATE INDEX modules_enabled ON modules (enabled);

-- One row for each registered version: the pinned record.
CREATE TABLE module_versions (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id       BLOB    NOT NULL UNIQUE CHECK (length(public_id) = 16),
    module_id       INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    version         TEXT    NOT NULL CHECK (version GLOB '[0-9]*.[0-9]*.[0-9]*'),
    active          INTEGER NOT NULL CHECK (active IN (0, 1)),
    blake3          BLOB    NOT NULL CHECK (length(blake3) = 32),
    size            INTEGER NOT NULL CHECK (size >= 0),
    manifest        TEXT    NOT NULL,
    manifest_blake3 BLOB    NOT NULL CHECK (length(manifest_blake3) = 32),
    pinned          TEXT    NOT NULL CHECK (json_type(pinned) = 'object'),
    wit_track       TEXT    NOT NULL,
    source_path     TEXT    NOT NULL,
    registered_at   INTEGER NOT NULL,
    UNIQUE (module_id, version),
    UNIQUE (id, module_id)
) STRICT;
CREATE UNIQUE INDEX module_versions_active ON module_versions (module_id) WHERE active = 1;

CREATE TABLE capabilities (
    id            INTEGER PRIMARY KEY,
    module_id     INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    version_id    INTEGER NOT NULL,
    capability    TEXT    NOT NULL CHECK (length(capability) BETWEEN 1 AND 64),
    description   TEXT    NOT NULL,
    input_schema  TEXT    NOT NULL CHECK (json_valid(input_schema)),
    output_schema TEXT    NOT NULL CHECK (json_valid(output_schema)),
    effect        TEXT    NOT NULL CHECK (effect IN ('pure', 'read', 'write', 'network', 'message',
                                                     'destructive')),
    reversible    INTEGER NOT NULL CHECK (reversible IN (0, 1)),
    undo          TEXT,
    idempotent    INTEGER NOT NULL CHECK (idempotent IN (0, 1)),
    needs         TEXT    NOT NULL CHECK (json_type(needs) = 'array'),
    targets       TEXT    NOT NULL CHECK (json_type(targets) = 'array'),
    timeout_ms    INTEGER CHECK (timeout_ms > 0),
    trade_offs    TEXT    NOT NULL CHECK (json_type(trade_offs) = 'array'),
    implements    TEXT,
    UNIQUE (version_id, capability),
    FOREIGN KEY (version_id, module_id) REFERENCES module_versions (id, module_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX capabilities_module ON capabilities (module_id);
CREATE INDEX capabilities_name ON capabilities (capability);

CREATE TABLE dependencies (
    id                 INTEGER PRIMARY KEY,
    module_id          INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    version_id         INTEGER NOT NULL,
    dependency_type    TEXT    NOT NULL CHECK (dependency_type IN ('python', 'system', 'module', 'api', 'host')),
    name               TEXT    NOT NULL,
    version_constraint TEXT,
    required           INTEGER NOT NULL DEFAULT 1 CHECK (required IN (0, 1)),
    detail             TEXT    CHECK (json_type(detail) = 'object'),
    FOREIGN KEY (version_id, module_id) REFERENCES module_versions (id, module_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX dependencies_module ON dependencies (module_id);

-- What the operator granted. Only what the active version also asks for has any effect.
CREATE TABLE grants (
    id         INTEGER PRIMARY KEY,
    module_id  INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    scope      TEXT    NOT NULL,
    folder     TEXT,
    access     TEXT    CHECK (access IN ('read', 'write')),
    granted_at INTEGER NOT NULL,
    UNIQUE (module_id, scope),
    CHECK ((scope GLOB 'fs:*') = (folder IS NOT NULL)),
    CHECK ((folder IS NULL) = (access IS NULL))
) STRICT;

-- No row: never started.
CREATE TABLE status (
    id                INTEGER PRIMARY KEY,
    module_id         INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    state             TEXT    NOT NULL CHECK (state IN ('stopped', 'starting', 'running', 'error', 'crashed')),
    process_id        INTEGER,
    owner             BLOB    CHECK (length(owner) = 16),
    started_at        INTEGER,
    stopped_at        INTEGER,
    last_health_check INTEGER,
    health_status     TEXT    CHECK (health_status IN ('healthy', 'degraded', 'unhealthy')),
    error_message     TEXT,
    restart_count     INTEGER NOT NULL DEFAULT 0 CHECK (restart_count >= 0)
) STRICT;
CREATE UNIQUE INDEX status_module ON status (module_id);
CREATE INDEX status_state ON status (state);

-- What happened. Rows outlive the plugin they are about: `subject` is the name it had.
CREATE TABLE events (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id  BLOB    NOT NULL CHECK (length(public_id) = 16),
    module_id  INTEGER REFERENCES modules (id) ON DELETE SET NULL,
    subject    TEXT,
    actor      TEXT,
    event_type TEXT    NOT NULL CHECK (length(event_type) BETWEEN 1 AND 64),
    event_data TEXT    NOT NULL CHECK (json_valid(event_data)),
    timestamp  INTEGER NOT NULL
) STRICT;
CREATE INDEX events_module ON events (module_id);
CREATE INDEX events_type ON events (event_type);
CREATE INDEX events_time ON events (timestamp);
CREATE INDEX events_subject ON events (subject);

-- What the operator set, over the manifest's values.
CREATE TABLE configurations (
    id         INTEGER PRIMARY KEY,
    module_id  INTEGER NOT NULL REFERENCES modules (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL CHECK (length(key) BETWEEN 1 AND 256),
    value      TEXT    NOT NULL CHECK (json_valid(value)),
    updated_at INTEGER NOT NULL,
    UNIQUE (module_id, key)
) STRICT;

-- Every change a snapshot must see moves `revision`, whoever makes it and with whatever program.
CREATE TRIGGER modules_added AFTER INSERT ON modules BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.id;
END;
CREATE TRIGGER modules_changed AFTER UPDATE OF name, display_name, version, enabled, auto_start, priority,
    singleton, cache_results ON modules
BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.id;
END;
CREATE TRIGGER modules_removed AFTER DELETE ON modules BEGIN
    UPDATE instance SET revision = revision + 1;
END;
CREATE TRIGGER module_versions_added AFTER INSERT ON module_versions BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER module_versions_changed AFTER UPDATE ON module_versions BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER module_versions_removed AFTER DELETE ON module_versions BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = OLD.module_id;
END;
CREATE TRIGGER capabilities_added AFTER INSERT ON capabilities BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER capabilities_changed AFTER UPDATE ON capabilities BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER capabilities_removed AFTER DELETE ON capabilities BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = OLD.module_id;
END;
CREATE TRIGGER grants_added AFTER INSERT ON grants BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER grants_changed AFTER UPDATE ON grants BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER grants_removed AFTER DELETE ON grants BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = OLD.module_id;
END;
CREATE TRIGGER configurations_added AFTER INSERT ON configurations BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER configurations_changed AFTER UPDATE ON configurations BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = NEW.module_id;
END;
CREATE TRIGGER configurations_removed AFTER DELETE ON configurations BEGIN
    UPDATE instance SET revision = revision + 1;
    UPDATE modules SET revision = (SELECT revision FROM instance) WHERE id = OLD.module_id;
END;
