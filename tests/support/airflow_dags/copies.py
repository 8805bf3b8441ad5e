"""Run by Airflow's own Python, not by the tests': DAGs of its Airbyte provider, over a metadata database of their own.
Usage: copies.py DAG; the last line it prints is {"state", "tasks": {task: [state, what it returned]}}. The environment names the Airbyte connections (AIRFLOW_CONN_…)
and the ids of what they sync."""
import asyncio
import datetime
import json
import os
import sys
import time

from airflow.providers.airbyte.hooks.airbyte import AirbyteHook
from airflow.providers.airbyte.operators.airbyte import AirbyteTriggerSyncOperator
from airflow.providers.airbyte.sensors.airbyte import AirbyteJobSensor
from airflow.providers.airbyte.triggers.airbyte import AirbyteSyncTrigger
from airflow.sdk import DAG, chain, task
from airflow.utils.db import initdb

SMALL, ENDLESS, REFUSED = (os.environ[name] for name in ("SMALL", "ENDLESS", "REFUSED"))
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


@task(trigger_rule="all_done")
def health():
    return AirbyteHook().test_connection()[0]


@task(trigger_rule="all_done")
def trigger(job_id):
    """What is told to a deferred task; not in line, where it looks once a minute."""
    async def event():
        return await anext(AirbyteSyncTrigger(job_id=job_id, conn_id="airbyte_default", end_time=time.time() + 60, poll_interval=0.2).run())
    return asyncio.run(event()).payload["status"]


def sync(task_id, connection_id=SMALL, **more):
    return AirbyteTriggerSyncOperator(task_id=task_id, connection_id=connection_id, wait_seconds=0.2, trigger_rule="all_done", **more)


def sensor(task_id, job, **more):
    return AirbyteJobSensor(task_id=task_id, airbyte_job_id=f"{{{{ ti.xcom_pull(task_ids='{job}') }}}}", poke_interval=0.2, trigger_rule="all_done", **more)


with DAG("arrives", schedule=None, start_date=BEGIN) as arrives:
    chain(health(), sync("sync"), sync("begin", asynchronous=True), sensor("wait", "begin"), sync("deferred", deferrable=True),
          sync("other_token_path", airbyte_conn_id="airbyte_public", asynchronous=True), sensor("deferred_wait", "other_token_path", deferrable=True))

with DAG("fails", schedule=None, start_date=BEGIN) as fails:
    chain(sync("killed", ENDLESS), sync("too_slow", ENDLESS, timeout=1), sync("limited", ENDLESS, execution_timeout=datetime.timedelta(seconds=2)), sync("refused", REFUSED),
          sync("begin", REFUSED, asynchronous=True), sensor("wait", "begin"), sensor("deferred_wait", "begin", deferrable=True), trigger(5),
          sync("unknown", "00000000-0000-4000-8000-000000000000"))


if __name__ == "__main__":
    initdb()
    run = {"arrives": arrives, "fails": fails}[sys.argv[1]].test()
    print(json.dumps({"state": run.state, "tasks": {t.task_id: [t.state, t.xcom_pull(task_ids=t.task_id)] for t in run.get_task_instances()}}))
