"""The gateway responses any input as its OpenAPI document describes, never with a 500."""

import json
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis import Case

from services.ops.auth.roles import Role
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import Site, known_tokens, site

OPERATOR_HEADERS: Final = {"Authorization": "Bearer secret-operator", "Host": "127.0.0.1"}
AS_DOCUMENTED: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
FUZZ_SETTINGS: Final = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@schemathesis.serializer("application/x-ndjson")
def _lines(context: Any, value: Any) -> bytes:
    """The body as it is: each line may be JSON or not."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace")


def _fast_site() -> Site:
    """Return a site without limits and caches, with immediate responses and streams that end."""
    fake_site = site(
        tokens=known_tokens({"operator": Role.OPERATE}),
        idempotency_keys=0,
        ops_requests_per_second=1e9,
        ops_request_burst=10**9,
    )
    fake_site.kafka.feed_for = feed_of
    fake_site.kafka.streams_end = True
    return fake_site


def _schema(mode: str) -> Any:
    config = schemathesis.Config.from_dict(
        {
            "generation": {"mode": mode},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in AS_DOCUMENTED}},
        }
    )
    return schemathesis.openapi.from_asgi(
        "/openapi.json", _fast_site().app, config=config, headers=OPERATOR_HEADERS
    )


VALID_REQUESTS: Final = _schema("positive")
INVALID_REQUESTS: Final = _schema("negative")


@VALID_REQUESTS.parametrize()  # type: ignore[untyped-decorator]
@FUZZ_SETTINGS
def test_a_valid_request_gets_a_documented_response(case: Case) -> None:
    case.call_and_validate(headers=OPERATOR_HEADERS)


@INVALID_REQUESTS.parametrize()  # type: ignore[untyped-decorator]
@FUZZ_SETTINGS
def test_an_invalid_request_gets_a_problem(case: Case) -> None:
    response = case.call(headers=OPERATOR_HEADERS)
    case.validate_response(response)
    if response.status_code >= 400:
        assert response.json()["status"] == response.status_code
        assert response.json()["detail"]
        assert "Traceback" not in response.text


async def test_the_document_is_valid_openapi() -> None:
    async with site().client() as client:
        validate((await client.get("/openapi.json")).json())
