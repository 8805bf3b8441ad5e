"""Low-code manifests that tests read with."""


def of_an_api(**stream):
    """Of support.json_api: the stream items of {"data": […]} at config.base, with config.key as its bearer token."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    return {
        "version": "6.0.0", "type": "DeclarativeSource", "check": {"type": "CheckStream", "stream_names": ["items"]},
        "streams": [{
            "type": "DeclarativeStream", "name": "items", "primary_key": ["id"], "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
            "retriever": {
                "type": "SimpleRetriever", "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["data"]}},
                "requester": {"type": "HttpRequester", "url_base": "{{ config['base'] }}", "path": "/items", "http_method": "GET",
                              "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['key'] }}"}}},
            **stream}],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "required": ["base", "key"], "properties": {
            "base": {"type": "string"}, "key": {"type": "string", "airbyte_secret": True}}}}}
