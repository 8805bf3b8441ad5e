-- Times are microseconds since 1970 UTC; ids are UUIDs but for jobs; documents are JSON.
-- IDENTITY stands for the engine's own way to count.

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE workspace (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  document TEXT NOT NULL,  -- what the API stores besides: email, notification settings
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX workspace_slug ON workspace (slug) WHERE deleted = 0;

-- Definitions that people made; the catalogue's own are compiled in.
CREATE TABLE definition (
  id TEXT PRIMARY KEY,
  workspace_id TEXT REFERENCES workspace (id),
  kind TEXT NOT NULL,  -- source | destination
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);

-- Sources and destinations.
CREATE TABLE actor (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  kind TEXT NOT NULL,  -- source | destination
  definition_id TEXT NOT NULL,
  name TEXT NOT NULL,
  configuration TEXT NOT NULL,  -- sealed with the instance's key
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX actor_of_workspace ON actor (workspace_id, kind, deleted, name, id);

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
  document TEXT NOT NULL,  -- catalog, schedule, namespace rule, preferences, as the config API has them
  revision BIGINT NOT NULL DEFAULT 0,  -- counts updates
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX connection_of_workspace ON connection (workspace_id, deleted, name, id);
CREATE INDEX connection_of_source ON connection (source_id, deleted);
CREATE INDEX connection_of_destination ON connection (destination_id, deleted);

-- How far a connection has come.
CREATE TABLE connection_state (
  connection_id TEXT PRIMARY KEY REFERENCES connection (id),
  epoch TEXT NOT NULL,
  checkpoint BIGINT NOT NULL,
  state TEXT NOT NULL,
  fencing_token BIGINT NOT NULL,  -- of the attempt that wrote it
  updated_at BIGINT NOT NULL
);

CREATE TABLE stream_generation (
  connection_id TEXT NOT NULL REFERENCES connection (id),
  namespace TEXT NOT NULL,  -- '' for none
  name TEXT NOT NULL,
  generation BIGINT NOT NULL,
  PRIMARY KEY (connection_id, namespace, name)
);

CREATE TABLE job (
  id IDENTITY,
  scope TEXT NOT NULL,  -- the connection's id; the actor's of a check or a discovery
  config_type TEXT NOT NULL,
  status TEXT NOT NULL,
  document TEXT NOT NULL,  -- streams to clear or refresh, who asked
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  started_at BIGINT,
  next_attempt_at BIGINT  -- when the retry ladder lets it go on
);
CREATE INDEX job_of_scope ON job (scope, id);
CREATE INDEX job_by_status ON job (status, id);

CREATE TABLE attempt (
  job_id BIGINT NOT NULL REFERENCES job (id),
  number BIGINT NOT NULL,
  status TEXT NOT NULL,  -- running | succeeded | failed
  fencing_token BIGINT NOT NULL,
  worker TEXT,
  lease_until BIGINT,
  document TEXT NOT NULL,  -- statistics and failures, as the config API has them
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (job_id, number)
);
CREATE INDEX attempt_by_lease ON attempt (status, lease_until);
