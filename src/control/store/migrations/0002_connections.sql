-- Numbers that are given out once: jobs, fencing tokens.
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('job', 0), ('fencing_token', 0);

-- What a source offered, and when.
CREATE TABLE discovered_catalog (
  id TEXT PRIMARY KEY,
  source_id TEXT NOT NULL REFERENCES actor (id),
  configuration_hash TEXT NOT NULL,
  catalog TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX discovered_catalog_of_source ON discovered_catalog (source_id, created_at);

CREATE TABLE connection (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  source_id TEXT NOT NULL REFERENCES actor (id),
  destination_id TEXT NOT NULL REFERENCES actor (id),
  name TEXT NOT NULL,
  status TEXT NOT NULL,  -- active | inactive | locked
  document TEXT NOT NULL,  -- schedule, namespace rule, preferences, as the config API has them
  catalog TEXT NOT NULL,  -- the document's syncCatalog: lists don't read it
  next_run_at BIGINT,  -- when its schedule wants the next job; null: never by itself
  revision BIGINT NOT NULL DEFAULT 0,  -- counts updates
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX connection_of_workspace ON connection (workspace_id, deleted, name, id);
CREATE INDEX connection_of_source ON connection (source_id, deleted);
CREATE INDEX connection_of_destination ON connection (destination_id, deleted);
CREATE INDEX connection_due ON connection (next_run_at) WHERE deleted = 0 AND status = 'active';

-- How far a connection has come.
CREATE TABLE connection_state (
  connection_id TEXT PRIMARY KEY REFERENCES connection (id),
  epoch TEXT NOT NULL,
  checkpoint BIGINT NOT NULL,
  state TEXT NOT NULL,
  fencing_token BIGINT NOT NULL,  -- of the attempt that wrote it; 0: a person
  updated_at BIGINT NOT NULL
);

CREATE TABLE stream_generation (
  connection_id TEXT NOT NULL REFERENCES connection (id),
  namespace TEXT NOT NULL,  -- '' for none
  name TEXT NOT NULL,
  generation BIGINT NOT NULL,
  document TEXT NOT NULL,  -- whether it is finished, and of which shape
  PRIMARY KEY (connection_id, namespace, name)
);

CREATE TABLE tag (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  name TEXT NOT NULL,
  color TEXT NOT NULL
);
CREATE UNIQUE INDEX tag_name ON tag (workspace_id, name);
CREATE TABLE connection_tag (
  connection_id TEXT NOT NULL REFERENCES connection (id),
  tag_id TEXT NOT NULL REFERENCES tag (id),
  PRIMARY KEY (connection_id, tag_id)
);
CREATE INDEX connection_tag_of_tag ON connection_tag (tag_id);

-- Definitions that people made; the catalogue's own are compiled in.
CREATE TABLE definition (
  id TEXT PRIMARY KEY,
  workspace_id TEXT REFERENCES workspace (id),
  kind TEXT NOT NULL,  -- source | destination
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);
