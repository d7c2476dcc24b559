"""The documentation page: event contract and gateway endpoints, with a form to send an event."""

import base64
import io
import json
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Form, Request
from PIL import Image
from starlette.responses import JSONResponse, Response

from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Writer
from services.ops.http.problems import Problem
from services.ops.pages.docs import event_contract
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_ref import allowed_user
from shared.events import ImageCandidates
from shared.events.documents.asyncapi import document
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, Topic
from shared.events.types.base import UserEvent
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Record

router = APIRouter()
WRITABLE_TOPICS: Final = {topic.name: topic for topic in (CANDIDATES, FEEDBACK, CORRECTIONS)}
"""Topics that the page may write to. Erasure has its own page, with a confirmation."""
ANSWER_SECONDS: Final = 60.0
MAX_CHARACTERS: Final = 1_000_000


@router.get("/docs")
async def docs(http: Request, ops: Context) -> Response:
    return render(
        http, "docs/page.html",
        topics=event_contract.topics(),
        drafts={name: _draft(name, ops) for name in WRITABLE_TOPICS},
        endpoints=_endpoints(http.app),
    )  # fmt: skip


@router.get("/asyncapi.json")
async def asyncapi() -> Response:
    """Return the AsyncAPI 3 document, for generators and viewers."""
    return JSONResponse(document())


@router.post("/docs/try")
async def send_event(
    http: Request,
    ops: Context,
    principal: Writer,
    topic: Annotated[str, Form(max_length=100)],
    value: Annotated[str, Form(max_length=MAX_CHARACTERS)],
) -> Response:
    """Decode an event as a service would, and send it. For a request, wait for its feed."""
    if topic not in WRITABLE_TOPICS:
        detail = f"This page can only write to {', '.join(WRITABLE_TOPICS)}."
        raise Problem(422, "unknown-topic", detail)
    event = _read(WRITABLE_TOPICS[topic], value)
    allowed_user(principal, user=event.user_id, tenant=event.tenant)
    record = encode(event)
    feed = None
    if isinstance(event, ImageCandidates):
        feed = await ops.kafka.answer(event, seconds=ANSWER_SECONDS)
    else:
        await ops.kafka.send(event)
    answer = json.dumps(feed.model_dump(mode="json"), ensure_ascii=False, indent=2) if feed else ""
    key = (record.key or b"").decode()
    return render(http, "docs/_sent.html", topic=topic, key=key, answer=answer)


def _read(topic: Topic, value: str) -> UserEvent:
    """Decode the value. Raises `Unprocessable`, as the service that reads the topic would."""
    record = Record(topic.name, 0, 0, 0, None, value.encode("utf-8", "replace"), ())
    event = decode(topic, record)
    assert isinstance(event, UserEvent), "the page writes users' events only"
    return event


def _draft(name: str, ops: OpsContext) -> str:
    """Return the minimal example with a new id, the current time and inline images."""
    topic_docs = next(docs for docs in event_contract.topics() if docs.topic.name == name)
    fields: dict[str, Any] = json.loads(topic_docs.examples[-1].text)
    fields |= {"event_id": str(uuid4()), "occurred_at": ops.clock().isoformat()}
    if "candidates" in fields:
        fields["request_id"] = f"try-{uuid4().hex[:8]}"
        fields["candidates"] = [
            {"image_id": color, "uri": _square(color)} for color in ("teal", "crimson")
        ]
    if name == FEEDBACK.name:
        fields["uri"] = _square("teal")
    return json.dumps(fields, ensure_ascii=False, indent=2)


def _square(color: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), color).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _endpoints(app: FastAPI) -> list[tuple[str, str, str]]:
    """Return method, path and summary of each gateway endpoint."""
    return [
        (method.upper(), path, str(operation.get("summary", "")))
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
