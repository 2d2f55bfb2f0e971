-- What of the network was granted: origins and methods, each a JSON array of texts.
ALTER TABLE grants ADD COLUMN origins TEXT CHECK (json_type(origins) = 'array');
ALTER TABLE grants ADD COLUMN methods TEXT CHECK (json_type(methods) = 'array');

-- What a call sent and received.
ALTER TABLE invocations ADD COLUMN http_requests INTEGER;
ALTER TABLE invocations ADD COLUMN http_sent_bytes INTEGER;
ALTER TABLE invocations ADD COLUMN http_received_bytes INTEGER;
