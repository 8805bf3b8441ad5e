CREATE TABLE person (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,  -- in lower case
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,  -- argon2id, with its parameters and salt
  must_change_password BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- What programs sign in with. Its secret is random: a plain hash of it is enough.
CREATE TABLE application (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  name TEXT NOT NULL,
  client_id TEXT NOT NULL UNIQUE,
  client_secret_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- What browsers sign in with: the cookie holds the text that this is the hash of.
CREATE TABLE session (
  token_hash TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person (id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX session_of_person ON session (person_id, created_at);
