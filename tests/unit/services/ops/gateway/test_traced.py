"""What an HTTP request sends to Kafka goes on in the request's trace."""

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from services.ops.http.middleware.request_metrics import Observed
from services.ops.metrics import OpsMetrics
from shared.events.wire.record import Outgoing
from shared.observability.tracing import PARENT, Tracing, with_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = Outgoing("image.candidates.v1", b"u", b"{}")


async def sending(scope: Scope, receive: Receive, send: Send) -> None:
    """An endpoint that sends an event, and answers with the trace in its headers."""
    headers = dict(with_trace(SENT).headers)
    await PlainTextResponse(headers[PARENT] or b"")(scope, receive, send)


async def as_text(_: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 500)


@pytest.mark.parametrize(
    ("header", "goes_on"),
    [({PARENT: f"00-{TRACE}-b7ad6b7169203331-01"}, True), ({PARENT: "hello"}, False), ({}, False)],
)
async def test_an_event_carries_the_trace_of_its_request(
    header: dict[str, str], goes_on: bool
) -> None:
    app = Observed(
        sending, metrics=OpsMetrics(CollectorRegistry()), answer=as_text, tracing=Tracing("ops")
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ops", headers=header
    ) as browser:
        _, trace, span, _ = (await browser.post("/v1/candidates")).text.split("-")
    assert (trace == TRACE) is goes_on
    assert len(trace) == 32
    assert span != "b7ad6b7169203331"
