-- Calls that ran while nothing of them was kept: 1 for a rehearsal, else nothing or 0.
ALTER TABLE invocations ADD COLUMN rehearsal INTEGER CHECK (rehearsal IN (0, 1));
