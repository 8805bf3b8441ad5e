-- What the API was told that attempts may use: of sources and destinations (resourceAllocation) and
-- of the catalogue's definitions (resourceRequirements).
CREATE TABLE resource_requirement (
  owner_id TEXT PRIMARY KEY,  -- of the actor, or the definition
  document TEXT NOT NULL
);
