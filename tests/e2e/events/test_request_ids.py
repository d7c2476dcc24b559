"""A request id belongs to its user and tenant: in feeds, over HTTP, and after a restart."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from services.cli.demo.image_files import DemoFiles
from shared.client import Client, request
from shared.events import ImageCandidates, RankedFeed
from tests.e2e.operations.scrape import scrape, total
from tests.e2e.pictures import story_files
from tests.e2e.system import System, running

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
ODD_ID = "a/b?c=é&#1 %2F"
USERS = ("id-cem", "id-dee", "id-eve")


@pytest.fixture(scope="module")
def files(pictures: Path) -> DemoFiles:
    return story_files(pictures / "request-ids")


@pytest.fixture
def app(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.ready["dashboard"], timeout=TIMEOUT_SECONDS) as client:
        yield client


def event(files: DemoFiles, number: int, user: str, request_id: str, **fields: Any) -> Any:
    """A request of one image, a different one for each number."""
    path = files.slate[number]
    images = {path.name: path.as_uri()}
    return request(user, images, request_id=request_id, explain="none", **fields)


def body(files: DemoFiles, number: int, user: str, request_id: str) -> dict[str, Any]:
    path = files.slate[number]
    images = [{"image_id": path.name, "uri": path.as_uri()}]
    return {"user_id": user, "request_id": request_id, "explain": "none", "candidates": images}


def answers(system: System, *events: ImageCandidates) -> list[RankedFeed]:
    with Client(system.kafka) as app:
        return list(app.answers(events, seconds=TIMEOUT_SECONDS))


def image_ids(feed: RankedFeed) -> list[str]:
    return [item.image_id for item in feed.items]


def test_users_and_tenants_with_one_request_id_get_their_own_feeds(
    system: System, files: DemoFiles
) -> None:
    users = [("default", "id-ada"), ("default", "id-bob"), ("gallery", "id-ada"), ("a", "b/id-ada")]
    events = [
        event(files, number, user, "one-id", tenant=tenant)
        for number, (tenant, user) in enumerate(users)
    ]
    feeds = answers(system, *events)
    assert {(feed.tenant, feed.user_id): image_ids(feed) for feed in feeds} == {
        user: [files.slate[number].name] for number, user in enumerate(users)
    }
    assert len({feed.event_id for feed in feeds}) == len(users)


@pytest.mark.parametrize(
    "request_id", ["web-one-id", ODD_ID, "1e6139d2-02b2-4d4e-b130-3b9e6dc33c52"]
)
def test_users_with_one_request_id_over_http_get_their_own_feeds(
    app: httpx.Client, files: DemoFiles, request_id: str
) -> None:
    def post(number: int) -> httpx.Response:
        sent = body(files, number, USERS[number], request_id)
        return app.post("/v1/candidates?wait_seconds=60", json=sent)

    with ThreadPoolExecutor() as threads:
        responses = list(threads.map(post, range(len(USERS))))
    for number, response in enumerate(responses):
        assert response.status_code == 200, response.text
        feed = RankedFeed.model_validate_json(response.content)
        assert (feed.user_id, image_ids(feed)) == (USERS[number], [files.slate[number].name])
        address = f"/v1/feeds/{quote(request_id, safe='')}"
        assert app.get(address, params={"user_id": feed.user_id}).json() == response.json()
        assert app.get(address, params={"user_id": "id-stranger"}).status_code == 404
        assert app.get(address).status_code in (409, 422)


def test_a_pending_feed_is_fetched_at_the_address_of_its_user(
    app: httpx.Client, files: DemoFiles
) -> None:
    pending = [
        app.post("/v1/candidates?wait_seconds=0", json=body(files, number, user, "pending-id"))
        for number, user in enumerate(USERS)
    ]
    feeds = [_until_200(app, response.headers["location"]) for response in pending]
    assert [feed["user_id"] for feed in feeds] == list(USERS)


def test_an_id_that_is_sent_again_with_other_content_gets_another_feed(
    app: httpx.Client, files: DemoFiles
) -> None:
    def post(number: int) -> dict[str, Any]:
        sent = body(files, number, "id-home", "home")
        response = app.post("/v1/candidates?wait_seconds=60", json=sent)
        assert response.status_code == 200, response.text
        feed: dict[str, Any] = response.json()
        return feed

    first, again, other = post(0), post(0), post(1)
    assert first == again
    assert first["event_id"] != other["event_id"]
    assert [item["image_id"] for item in other["items"]] == [files.slate[1].name]
    latest = app.get("/v1/feeds/home", params={"user_id": "id-home"}).json()
    assert latest == other


def test_a_request_that_is_sent_twice_at_once_gets_one_feed(
    system: System, files: DemoFiles
) -> None:
    sent = event(files, 0, "id-twice", "twice")
    later = event(files, 1, "id-twice", "later")
    answers(system, *[sent] * 5, later)
    assert len(_feeds_of(system, "id-twice", "twice")) == 1


def test_after_a_restart_a_retry_gets_no_second_feed_and_other_users_get_theirs(
    tmp_path: Path, files: DemoFiles, pictures: Path
) -> None:
    settings = {"PREFERSTREAM_ALLOWED_FILE_ROOTS": str(pictures)}
    ada, bob = (event(files, n, user, "one-id") for n, user in enumerate(("ada", "bob")))
    with running(tmp_path, **settings) as system:
        assert [feed.user_id for feed in answers(system, ada)] == ["ada"]
    with running(tmp_path, **settings) as system:
        retry = ada.model_copy(update={"event_id": uuid4()})
        other_content = event(files, 2, "ada", "one-id")
        with httpx.Client(base_url=system.ready["dashboard"], timeout=TIMEOUT_SECONDS) as app:
            feed = _until_200(app, "/v1/feeds/one-id?user_id=ada")
            assert feed["items"][0]["image_id"] == files.slate[0].name
            assert app.get("/v1/feeds/one-id?user_id=bob").status_code == 404
        with Client(system.kafka) as client:
            client.send(retry)
        feeds = answers(system, bob, other_content)
        assert {(feed.user_id, *image_ids(feed)) for feed in feeds} == {
            ("bob", files.slate[1].name), ("ada", files.slate[2].name)
        }  # fmt: skip
        assert len(_feeds_of(system, "ada", "one-id")) == 2
        assert total(scrape(system), "preferstream_duplicate_requests_total") == 1


def _feeds_of(system: System, user: str, request_id: str) -> Sequence[RankedFeed]:
    with Client(system.kafka) as app:
        return app.feeds(wanted=lambda f: (f.user_id, f.request_id) == (user, request_id))


def _until_200(app: httpx.Client, address: str) -> dict[str, Any]:
    end = time.monotonic() + TIMEOUT_SECONDS
    while (response := app.get(address)).status_code != 200:
        assert response.status_code in (202, 503), response.text
        assert time.monotonic() < end, response.text
        time.sleep(0.2)
    feed: dict[str, Any] = response.json()
    return feed
