-- What must be so after a call that says it went well: JSON, where its manifest says so.
ALTER TABLE capabilities ADD COLUMN postcheck TEXT CHECK (json_type(postcheck) = 'object');
