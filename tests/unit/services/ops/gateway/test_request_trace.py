"""Events that an HTTP request sends to Kafka continue the trace of the request."""

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from services.ops.http.middleware.request_metrics import RequestMetrics
from services.ops.metrics import OpsMetrics
from shared.events.wire.record import Outgoing
from shared.observability.tracing import PARENT, Tracing, with_trace

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = Outgoing("image.candidates.v1", b"u", b"{}")


async def sending(scope: Scope, receive: Receive, send: Send) -> None:
    """Send an event, and respond with the trace of its headers."""
    headers = dict(with_trace(SENT).headers)
    await PlainTextResponse(headers[PARENT] or b"")(scope, receive, send)


async def as_text(_: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 500)


@pytest.mark.parametrize(
    ("header", "is_continued"),
    [({PARENT: f"00-{TRACE}-b7ad6b7169203331-01"}, True), ({PARENT: "hello"}, False), ({}, False)],
)
async def test_an_event_carries_the_trace_of_its_request(
    header: dict[str, str], is_continued: bool
) -> None:
    app = RequestMetrics(
        sending,
        metrics=OpsMetrics(CollectorRegistry()),
        error_response=as_text,
        tracing=Tracing("ops"),
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ops", headers=header
    ) as browser:
        _, trace, span, _ = (await browser.post("/v1/candidates")).text.split("-")
    assert (trace == TRACE) is is_continued
    assert len(trace) == 32
    assert span != "b7ad6b7169203331"
