"""dbt itself (dbt-postgres, of the tests' environment) on a project of one source and some models."""
import json
import os
import pathlib
import subprocess
import sys

import yaml

from support.postgres_server import ADMIN, ADMIN_PASSWORD

DBT = pathlib.Path(sys.executable).parent / "dbt"


class DbtProject:
    """Models are built as views into the schema `analytics` of the database."""

    def __init__(self, folder, db, source, tables, source_schema):
        self.folder = pathlib.Path(folder)
        self.password = ADMIN_PASSWORD
        target = {"type": "postgres", "host": "127.0.0.1", "port": db.server.port, "user": ADMIN, "password": "{{ env_var('DBT_PASSWORD') }}", "dbname": db.name, "schema": "analytics",
                  "threads": 2}
        self._write("dbt_project.yml", {"name": "guide", "version": "1.0", "config-version": 2, "profile": "guide", "model-paths": ["models"]})
        self._write("profiles.yml", {"guide": {"target": "test", "outputs": {"test": target}}})
        self._write("models/sources.yml", {"version": 2, "sources": [{"name": source, "schema": source_schema, "tables": [{"name": table} for table in tables]}]})

    def model(self, path, sql, **column_tests):
        """Adds models/PATH.sql, and dbt's own tests of its columns: customer_id=["unique"]."""
        file = self.folder / "models" / f"{path}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql)
        columns = [{"name": name, "data_tests": tests} for name, tests in column_tests.items()]
        self._write(f"models/{path}.yml", {"version": 2, "models": [{"name": file.stem, "columns": columns}]})

    def build(self):
        """Runs and tests every model; the status of each node by its name."""
        environment = {**os.environ, "DBT_PASSWORD": self.password, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
        done = subprocess.run([DBT, "--no-version-check", "--no-use-colors", "build", "--project-dir", self.folder, "--profiles-dir", self.folder], cwd=self.folder,
                              env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        return {result["unique_id"].split(".")[2]: result["status"] for result in results}

    def _write(self, path, document):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(yaml.safe_dump(document, sort_keys=False))
