"""Airbyte's own Python SDK (airbyte-api) against `millrace server`, unchanged: what its users' scripts do."""
import contextlib
import time

import pytest
from airbyte_api import AirbyteAPI, api, errors, models

from support.api_server import PASSWORD, SIGNED_IN

FAKER, DEV_NULL = "dfd88b22-b603-4c3d-aad7-3701784586b1", "a7bcc9d8-13b3-4e49-b80d-d020b90045e3"


@pytest.fixture
def server(start):
    with start("--auth", "always", **SIGNED_IN) as server:
        yield server


@contextlib.contextmanager
def signed_in(server, security):
    with AirbyteAPI(server_url=f"{server.url}/api/public/v1", security=security) as sdk:
        yield sdk


def by_credentials(server, **token_url):
    made = server.call("applications/create", name="sdk")
    return models.Security(client_credentials=models.SchemeClientCredentials(client_id=made["clientId"], client_secret=made["clientSecret"], **token_url))


@pytest.mark.parametrize("token_url", [{}, {"token_url": "/v1/applications/token"}, {"token_url": "/api/public/v1/applications/token"}])
def test_signs_in_by_every_token_path(server, token_url):
    with signed_in(server, by_credentials(server, **token_url)) as sdk:
        assert sdk.health.get_health_check().status_code == 200
        assert len(sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest()).workspaces_response.data) == 1


def test_signs_in_with_a_password(server):
    basic = models.SchemeBasicAuth(username="airbyte@example.com", password=PASSWORD)
    with signed_in(server, models.Security(basic_auth=basic)) as sdk:
        assert sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest()).status_code == 200
    wrong = models.SchemeBasicAuth(username="airbyte@example.com", password="guess")
    with signed_in(server, models.Security(basic_auth=wrong)) as sdk, pytest.raises(errors.SDKError, match="401"):
        sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest())


def test_workspaces_sources_and_destinations(server):
    with signed_in(server, by_credentials(server)) as sdk:
        workspace = sdk.workspaces.create_workspace(request=models.WorkspaceCreateRequest(name="sdk")).workspace_response.workspace_id
        assert sdk.workspaces.get_workspace(request=api.GetWorkspaceRequest(workspace_id=workspace)).workspace_response.name == "sdk"
        typed = models.SourceCreateRequest(name="typed", workspace_id=workspace, configuration=models.SourceFaker(count=20))
        source = sdk.sources.create_source(request=typed).source_response
        assert (source.source_type, source.definition_id) == ("faker", FAKER) and isinstance(source.configuration, models.SourceFaker)
        untyped = models.SourceCreateRequest(name="untyped", workspace_id=workspace, definition_id=FAKER, configuration={"count": 50})
        assert sdk.sources.create_source(request=untyped).source_response.configuration.count == 50
        one = api.PatchSourceRequest(source_id=source.source_id, source_patch_request=models.SourcePatchRequest(name="renamed"))
        assert sdk.sources.patch_source(request=one).source_response.name == "renamed"
        assert sdk.sources.get_source(request=api.GetSourceRequest(source_id=source.source_id)).source_response.name == "renamed"
        listed = sdk.sources.list_sources(request=api.ListSourcesRequest(workspace_ids=[workspace])).sources_response
        assert [s.name for s in listed.data] == ["renamed", "untyped"] and not listed.next
        silent = models.DestinationDevNull(test_destination=models.Silent())
        destination = sdk.destinations.create_destination(request=models.DestinationCreateRequest(name="nowhere", workspace_id=workspace, configuration=silent)).destination_response
        assert (destination.destination_type, destination.definition_id) == ("dev-null", DEV_NULL)
        assert sdk.destinations.get_destination(request=api.GetDestinationRequest(destination_id=destination.destination_id)).destination_response.name == "nowhere"
        assert len(sdk.destinations.list_destinations(request=api.ListDestinationsRequest(workspace_ids=[workspace])).destinations_response.data) == 1
        definitions = sdk.source_definitions.list_source_definitions(request=api.ListSourceDefinitionsRequest(workspace_id=workspace)).definitions_response.data
        assert FAKER in {d.id for d in definitions}
        assert sdk.sources.delete_source(request=api.DeleteSourceRequest(source_id=source.source_id)).status_code == 204
        with pytest.raises(errors.SDKError, match="404"):
            sdk.sources.get_source(request=api.GetSourceRequest(source_id=source.source_id))
        assert sdk.destinations.delete_destination(request=api.DeleteDestinationRequest(destination_id=destination.destination_id)).status_code == 204
        assert sdk.workspaces.delete_workspace(request=api.DeleteWorkspaceRequest(workspace_id=workspace)).status_code == 204
        assert sdk.organizations.list_organizations_for_user().organizations_response.data


def test_connections_tags_and_jobs(server):
    with signed_in(server, by_credentials(server)) as sdk:
        workspace = sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest()).workspaces_response.data[0].workspace_id
        source = sdk.sources.create_source(request=models.SourceCreateRequest(name="s", workspace_id=workspace, configuration=models.SourceFaker(count=20))).source_response
        nowhere = models.DestinationCreateRequest(name="d", workspace_id=workspace, configuration=models.DestinationDevNull(test_destination=models.Silent()))
        destination = sdk.destinations.create_destination(request=nowhere).destination_response
        asked = api.GetStreamPropertiesRequest(source_id=source.source_id, destination_id=destination.destination_id)
        streams = sdk.streams.get_stream_properties(request=asked).stream_properties_response
        assert {s.stream_name for s in streams} == {"users", "products", "purchases"}
        tag = sdk.tags.create_tag(request=models.TagCreateRequest(name="nightly", color="FF00AA", workspace_id=workspace)).tag_response
        made = sdk.connections.create_connection(request=models.ConnectionCreateRequest(
            name="c", source_id=source.source_id, destination_id=destination.destination_id,
            schedule=models.AirbyteAPIConnectionSchedule(schedule_type=models.ScheduleTypeEnum.MANUAL),
            configurations=models.StreamConfigurations(streams=[models.StreamConfiguration(name="users", sync_mode=models.ConnectionSyncModeEnum.FULL_REFRESH_OVERWRITE)]),
            tags=[models.Tag(name=tag.name, color=tag.color, tag_id=tag.tag_id, workspace_id=workspace)])).connection_response
        assert [s.name for s in made.configurations.streams] == ["users"] and made.tags[0].name == "nightly"
        cron = models.AirbyteAPIConnectionSchedule(schedule_type=models.ScheduleTypeEnum.CRON, cron_expression="0 0 12 * * ?")
        change = api.PatchConnectionRequest(connection_id=made.connection_id, connection_patch_request=models.ConnectionPatchRequest(name="renamed", schedule=cron))
        patched = sdk.connections.patch_connection(request=change).connection_response
        assert (patched.name, patched.schedule.cron_expression) == ("renamed", "0 0 12 * * ?")
        assert len(sdk.connections.list_connections(request=api.ListConnectionsRequest(workspace_ids=[workspace])).connections_response.data) == 1
        job = sdk.jobs.create_job(request=models.JobCreateRequest(connection_id=made.connection_id, job_type=models.JobTypeEnum.SYNC)).job_response
        until = time.monotonic() + 60
        while job.status in (models.JobStatusEnum.PENDING, models.JobStatusEnum.RUNNING, models.JobStatusEnum.INCOMPLETE):
            assert time.monotonic() < until
            time.sleep(0.2)
            job = sdk.jobs.get_job(request=api.GetJobRequest(job_id=job.job_id)).job_response
        assert job.status == models.JobStatusEnum.SUCCEEDED and job.rows_synced == 20
        listed = sdk.jobs.list_jobs(request=api.ListJobsRequest(connection_id=made.connection_id, limit=5)).jobs_response.data
        assert [j.job_id for j in listed] == [job.job_id]
        assert sdk.jobs.cancel_job(request=api.CancelJobRequest(job_id=job.job_id)).job_response.status == models.JobStatusEnum.SUCCEEDED
        assert sdk.connections.delete_connection(request=api.DeleteConnectionRequest(connection_id=made.connection_id)).status_code == 204
        assert sdk.tags.delete_tag(request=api.DeleteTagRequest(tag_id=tag.tag_id)).status_code == 204
