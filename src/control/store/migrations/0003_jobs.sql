CREATE TABLE job (
  id BIGINT PRIMARY KEY,
  connection_id TEXT NOT NULL REFERENCES connection (id),
  config_type TEXT NOT NULL,  -- sync | refresh | clear | reset_connection
  status TEXT NOT NULL,  -- pending | running | incomplete | failed | succeeded | cancelled
  document TEXT NOT NULL,  -- streams to clear or refresh, who asked
  cancel_asked BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  started_at BIGINT,
  next_attempt_at BIGINT,  -- when the retry ladder lets it go on
  looked BIGINT NOT NULL DEFAULT 0  -- 1: its source was asked for its streams, before the first attempt
);
-- One at a time.
CREATE UNIQUE INDEX job_active ON job (connection_id)
  WHERE status IN ('pending', 'running', 'incomplete');
CREATE INDEX job_waiting ON job (next_attempt_at, id) WHERE status IN ('pending', 'incomplete');
CREATE INDEX job_of_connection ON job (connection_id, id);
CREATE INDEX job_by_time ON job (created_at, id);

CREATE TABLE attempt (
  job_id BIGINT NOT NULL REFERENCES job (id),
  number BIGINT NOT NULL,
  status TEXT NOT NULL,  -- running | succeeded | failed
  fencing_token BIGINT NOT NULL,
  worker TEXT NOT NULL,  -- who runs it
  lease_until BIGINT NOT NULL,
  process TEXT NOT NULL DEFAULT '{}',  -- how its worker finds it again after a restart
  document TEXT NOT NULL,  -- statistics and failures, as the config API has them
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  ended_at BIGINT,
  PRIMARY KEY (job_id, number)
);
CREATE INDEX attempt_running ON attempt (lease_until) WHERE status = 'running';

CREATE TABLE stream_status (
  job_id BIGINT NOT NULL REFERENCES job (id),
  attempt_number BIGINT NOT NULL,
  namespace TEXT NOT NULL,  -- '' for none
  name TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  run_state TEXT NOT NULL,  -- pending | running | complete | incomplete
  incomplete_cause TEXT,  -- failed | canceled
  transitioned_at BIGINT NOT NULL,
  PRIMARY KEY (job_id, attempt_number, namespace, name)
);
CREATE INDEX stream_status_of_connection ON stream_status (connection_id, job_id);

-- What happened to a connection.
CREATE TABLE connection_event (
  id TEXT PRIMARY KEY,
  connection_id TEXT NOT NULL REFERENCES connection (id),
  type TEXT NOT NULL,
  summary TEXT NOT NULL,
  user_id TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX connection_event_of_connection ON connection_event (connection_id, created_at, id);
