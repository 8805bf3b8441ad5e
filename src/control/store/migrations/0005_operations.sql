-- For metrics and retention.
CREATE INDEX job_by_status ON job (status, created_at);
CREATE INDEX connection_event_by_time ON connection_event (created_at, id);
CREATE INDEX discovered_catalog_by_time ON discovered_catalog (created_at);
