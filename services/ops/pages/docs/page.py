"""The event contract and the gateway, to be read and tried."""

import base64
import io
import json
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Form, Request
from PIL import Image
from starlette.responses import JSONResponse, Response

from services.ops.context import Ops, OpsOf
from services.ops.http.middleware.authentication import Writer
from services.ops.http.problems import Problem
from services.ops.pages.docs import event_contract as contract
from services.ops.pages.rendering.templates import render
from services.ops.pages.users.user_access import open_person
from shared.events import ImageCandidates
from shared.events.documents.asyncapi import document
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Record

router = APIRouter()
TRIED: Final = {topic.name: topic for topic in (CANDIDATES, FEEDBACK, CORRECTIONS)}
"""Topics that may be written from the page; erasing has a page of its own, with a confirmation."""
ANSWER_SECONDS: Final = 60.0
MOST_CHARACTERS: Final = 1_000_000


@router.get("/docs")
async def docs(http: Request, ops: OpsOf) -> Response:
    return render(
        http, "docs.html",
        topics=contract.topics(), tried={name: _to_try(name, ops) for name in TRIED},
        endpoints=_endpoints(http.app),
    )  # fmt: skip


@router.get("/asyncapi.json")
async def asyncapi() -> Response:
    """The AsyncAPI 3 document, for generators and viewers."""
    return JSONResponse(document())


@router.post("/docs/try")
async def attempt(
    http: Request,
    ops: OpsOf,
    who: Writer,
    topic: Annotated[str, Form(max_length=100)],
    value: Annotated[str, Form(max_length=MOST_CHARACTERS)],
) -> Response:
    """Read an event as a service would, and send it; a request's feed is waited for."""
    if topic not in TRIED:
        told = f"The page writes to {', '.join(TRIED)} alone."
        raise Problem(422, "unknown-topic", told)
    event = _read(TRIED[topic], value)
    open_person(who, user=event.user_id, tenant=event.tenant)
    sent = encode(event)
    feed = None
    if isinstance(event, ImageCandidates):
        feed = await ops.kafka.answer(event, seconds=ANSWER_SECONDS)
    else:
        await ops.kafka.send(event)
    answer = json.dumps(feed.model_dump(mode="json"), ensure_ascii=False, indent=2) if feed else ""
    return render(http, "_tried.html", topic=topic, key=(sent.key or b"").decode(), answer=answer)


def _read(topic: Topic, value: str) -> Event:
    """Raises `Unprocessable`, as the service that reads the topic would."""
    record = Record(topic.name, 0, 0, 0, None, value.encode("utf-8", "replace"), ())
    return decode(topic, record)


def _to_try(name: str, ops: Ops) -> str:
    """The minimal example with an id and a moment of its own, and pictures that load anywhere."""
    docs = next(one for one in contract.topics() if one.topic.name == name)
    told: dict[str, Any] = json.loads(docs.examples[-1].text)
    told |= {"event_id": str(uuid4()), "occurred_at": ops.clock().isoformat()}
    if "candidates" in told:
        told["request_id"] = f"try-{uuid4().hex[:8]}"
        told["candidates"] = [
            {"image_id": color, "uri": _square(color)} for color in ("teal", "crimson")
        ]
    if name == FEEDBACK.name:
        told["uri"] = _square("teal")
    return json.dumps(told, ensure_ascii=False, indent=2)


def _square(color: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (48, 48), color).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _endpoints(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path and summary of each endpoint of the gateway."""
    return [
        (method.upper(), path, str(said.get("summary", "")))
        for path, methods in app.openapi()["paths"].items()
        for method, said in methods.items()
    ]
