"""An app uses the system over HTTP only: feedback, profiles, feeds, and a stream of events."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.cli.demo.image_files import DemoFiles
from tests.e2e.pictures import story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(400)]
TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "gateway")


@pytest.fixture
def app(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.ready["dashboard"], timeout=TIMEOUT_SECONDS) as client:
        yield client


def _slate(files: DemoFiles, user: str, **fields: object) -> dict[str, object]:
    images = [{"image_id": path.name, "uri": path.as_uri()} for path in files.slate[:4]]
    return {"user_id": user, "candidates": images, "explain": "none", **fields}


def _until_200(app: httpx.Client, address: str) -> httpx.Response:
    end = time.monotonic() + TIMEOUT_SECONDS
    while (response := app.get(address)).status_code != 200:
        assert time.monotonic() < end, response.text
        time.sleep(0.2)
    return response


def test_likes_become_a_taste_and_a_slate_becomes_a_feed(
    app: httpx.Client, files: DemoFiles
) -> None:
    event_types: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        with app.stream("GET", "/v1/events", params={"user_id": "web-ada"}) as stream:
            for line in stream.iter_lines():
                listening.set()
                if line.startswith("event: "):
                    event_types.append(line.removeprefix("event: "))
                if "feed.ranked.v1" in event_types:
                    return

    listener = threading.Thread(target=listen)
    listener.start()
    assert listening.wait(TIMEOUT_SECONDS)
    likes = [
        {"type": "reference_like", "image_id": path.name, "uri": path.as_uri()}
        for path in files.liked
    ]
    assert app.post("/v1/feedback", json={"user_id": "web-ada", "actions": likes}).is_success
    profile = _until_200(app, "/v1/profiles/web-ada").json()
    response = app.post("/v1/candidates?wait_seconds=60", json=_slate(files, "web-ada"))
    listener.join(TIMEOUT_SECONDS)

    assert profile["evidence"]["liked"] > 0
    assert any(profile["preference"].values())
    assert response.status_code == 200, response.text
    assert response.json()["status"] == "ok"
    assert len(response.json()["items"]) == 4
    assert event_types[-1] == "feed.ranked.v1"
    assert "profile.updated.v1" in event_types


def test_an_interrupted_stream_resumes_after_the_last_event(
    app: httpx.Client, files: DemoFiles
) -> None:
    def until(number: int, *, last: str = "", requests: tuple[str, ...] = ()) -> list[str]:
        """The request ids of `number` feeds; `requests` are sent after the stream has started."""
        nonlocal last_id
        headers = {"Last-Event-ID": last} if last else {}
        request_ids, name = [], ""
        with app.stream("GET", "/v1/events?user_id=web-eve", headers=headers) as stream:
            assert stream.status_code == 200
            for line in stream.iter_lines():
                kind, _, value = line.partition(": ")
                if kind == "id":
                    last_id = value
                elif kind == "event":
                    name = value
                elif kind == "data" and name == "feed.ranked.v1":
                    request_ids.append(json.loads(value)["request_id"])
                elif not line and last_id and requests:
                    send(requests)
                    requests = ()
                if not line and last_id and len(request_ids) == number:
                    return request_ids
        raise AssertionError("the server ended the stream")

    def send(requests: tuple[str, ...]) -> None:
        for request_id in requests:
            body = _slate(files, "web-eve", request_id=request_id)
            assert app.post("/v1/candidates?wait_seconds=60", json=body).status_code == 200

    last_id = ""
    assert until(0) == []
    send(("eve-1", "eve-2"))
    assert until(1, last=last_id) == ["eve-1"]
    assert until(2, last=last_id, requests=("eve-3",)) == ["eve-2", "eve-3"]


def test_a_feed_can_be_read_later_and_a_repeated_request_is_ranked_once(
    app: httpx.Client, files: DemoFiles
) -> None:
    body = _slate(files, "web-bob", request_id="web-1")
    accepted = app.post("/v1/candidates?wait_seconds=0", json=body)
    assert accepted.status_code == 202
    feed = _until_200(app, accepted.headers["location"])
    again = app.post("/v1/candidates?wait_seconds=60", json=body)
    assert again.json() == feed.json()


def test_a_bad_image_is_listed_as_rejected_and_a_bad_request_is_refused(
    app: httpx.Client, files: DemoFiles
) -> None:
    bad = {"image_id": "gone", "uri": "file:///nowhere/gone.png"}
    body = _slate(files, "web-carla")
    body["candidates"] = [*body["candidates"], bad]  # type: ignore[misc]  # JSON
    response = app.post("/v1/candidates?wait_seconds=60", json=body)
    assert [image["image_id"] for image in response.json()["rejected"]] == ["gone"]
    refused = app.post("/v1/candidates", json={"user_id": "web-carla", "candidates": []})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
