-- What was around a plugin when a call of it last went well: the host's version, the contract its component
-- was built for, the versions of the plugins it depends on (JSON: name to version).
CREATE TABLE surroundings (
    module_id INTEGER PRIMARY KEY REFERENCES modules (id) ON DELETE CASCADE,
    host      TEXT    NOT NULL,
    wit       TEXT    NOT NULL,
    modules   TEXT    NOT NULL CHECK (json_type(modules) = 'object'),
    at        INTEGER NOT NULL
) STRICT;
