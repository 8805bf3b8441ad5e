-- Times are microseconds since 1970 UTC; ids are UUIDs; documents are JSON.

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
