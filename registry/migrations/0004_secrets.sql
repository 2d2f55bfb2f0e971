-- The secrets plugins spend without seeing them. The key is in a file of its own; what stands here
-- opens only with it, and only as it was written: every column but the ciphertext is authenticated.
CREATE TABLE secrets (
    name       TEXT    NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 128
                                                   AND name NOT GLOB '*[^A-Z0-9_]*'),
    nonce      BLOB    NOT NULL CHECK (length(nonce) = 24),
    ciphertext BLOB    NOT NULL CHECK (length(ciphertext) BETWEEN 24 AND 65552),
    created_at INTEGER NOT NULL,
    rotated_at INTEGER,
    revision   INTEGER NOT NULL CHECK (revision >= 1)
) STRICT, WITHOUT ROWID;

-- A number that grows with every change of a secret, whoever makes it and with whatever program.
ALTER TABLE instance ADD COLUMN secrets_revision INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER secrets_added AFTER INSERT ON secrets BEGIN
    UPDATE instance SET secrets_revision = secrets_revision + 1;
END;
CREATE TRIGGER secrets_changed AFTER UPDATE ON secrets BEGIN
    UPDATE instance SET secrets_revision = secrets_revision + 1;
END;
CREATE TRIGGER secrets_removed AFTER DELETE ON secrets BEGIN
    UPDATE instance SET secrets_revision = secrets_revision + 1;
END;

-- For `secret:` scopes: the parts of the network into which it may be spent, as they were asked for when
-- it was granted. What a later version adds to them waits for another grant.
ALTER TABLE grants ADD COLUMN spend TEXT CHECK (spend IS NULL OR json_type(spend) = 'array');
