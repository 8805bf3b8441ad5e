-- What people build connectors in, and every version of the manifests that they published.
CREATE TABLE builder_project (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace (id),
  name TEXT NOT NULL,
  definition_id TEXT,             -- what it was published as
  document TEXT NOT NULL,         -- its draft
  testing_values TEXT NOT NULL,   -- sealed; empty: none
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX builder_project_of_workspace ON builder_project (workspace_id);
CREATE TABLE manifest_version (
  definition_id TEXT NOT NULL REFERENCES definition (id),
  version BIGINT NOT NULL,
  document TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (definition_id, version)
);
