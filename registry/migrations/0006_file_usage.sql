-- What calls wrote into files, and the limit on files they met.

ALTER TABLE invocations ADD COLUMN file_bytes_written INTEGER;
ALTER TABLE invocations ADD COLUMN files_made INTEGER;
ALTER TABLE invocations ADD COLUMN file_limit TEXT;
