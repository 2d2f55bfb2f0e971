-- How much each plugin keeps, kept up by the database itself, so that no call has to count.
CREATE TABLE kv_total (
    module_id INTEGER PRIMARY KEY REFERENCES modules (id) ON DELETE CASCADE,
    keys      INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
) STRICT;

INSERT INTO kv_total (module_id, keys, bytes)
SELECT module_id, count(*), sum(length(CAST(key AS BLOB)) + length(value)) FROM kv GROUP BY module_id;

CREATE TRIGGER kv_added AFTER INSERT ON kv BEGIN
    INSERT INTO kv_total (module_id, keys, bytes)
    VALUES (NEW.module_id, 1, length(CAST(NEW.key AS BLOB)) + length(NEW.value))
    ON CONFLICT (module_id) DO UPDATE SET keys = keys + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER kv_changed AFTER UPDATE OF value ON kv BEGIN
    UPDATE kv_total SET bytes = bytes + length(NEW.value) - length(OLD.value) WHERE module_id = NEW.module_id;
END;
CREATE TRIGGER kv_removed AFTER DELETE ON kv BEGIN
    UPDATE kv_total SET keys = keys - 1, bytes = bytes - length(CAST(OLD.key AS BLOB)) - length(OLD.value)
    WHERE module_id = OLD.module_id;
END;

-- What a call tried and was not granted.
ALTER TABLE invocations ADD COLUMN denied INTEGER;
