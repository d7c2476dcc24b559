"""A feed of catalog images over HTTP: the body, the wait, the next page."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.requests.page_cursor import CursorSigner, PageCursor
from shared.domain.user import User
from shared.events import ImageCandidates
from tests.unit.services.ops.gateway.test_catalog_images import problem
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import NOW, site


async def sent_for(
    body: Any, *, path: str = "/v1/users/ada/feed?wait_seconds=0"
) -> tuple[httpx.Response, ImageCandidates | None]:
    fake_site = site()
    async with fake_site.client() as app:
        response = await app.post(path, json=body)
    event = next(iter(fake_site.kafka.sent), None)
    assert event is None or isinstance(event, ImageCandidates)
    return response, event


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 5, "filter": {"tags_any": ["sea"]}, "similar_to": "a", "top_k": 3},
        {
            "from_catalog": {"limit": 5, "filter": {"tags_any": ["sea"]}, "similar_to": "a"},
            "top_k": 3,
        },
    ],
)
async def test_a_feed_is_requested_without_a_list(body: Any) -> None:
    response, event = await sent_for(body)
    assert response.status_code == 202
    assert event is not None
    assert event.from_catalog is not None
    assert (event.user_id, event.candidates, event.top_k) == ("ada", (), 3)
    assert event.from_catalog.limit == 5
    assert event.from_catalog.filter == CatalogFilter(tags_any=("sea",))
    assert event.from_catalog.similar_to == "a"


async def test_an_empty_body_asks_for_the_default_feed_and_waits() -> None:
    fake_site = site()
    fake_site.kafka.feed_for = feed_of
    async with fake_site.client() as app:
        response = await app.post("/v1/users/a%2Fb/feed")
    (event,) = fake_site.kafka.sent
    assert isinstance(event, ImageCandidates)
    assert event.user_id == "a/b"
    assert event.from_catalog is not None
    assert event.from_catalog.limit == 100
    assert response.status_code == 200
    assert response.json()["user_id"] == "a/b"


async def test_a_slow_feed_is_fetched_later() -> None:
    slow = site()
    async with slow.client() as app:
        response = await app.post("/v1/users/ada/feed?wait_seconds=0", json={"limit": 2})
        (sent,) = slow.kafka.sent
        assert isinstance(sent, ImageCandidates)
        slow.kafka.deliver(feed_of(sent))
        feed = await app.get(response.headers["location"])
    assert response.status_code == 202
    assert feed.status_code == 200


async def test_the_next_page_is_requested_by_cursor() -> None:
    _, event = await sent_for({"cursor": "abc", "limit": 7})
    assert event is not None
    assert event.from_catalog is not None
    assert (event.from_catalog.cursor, event.from_catalog.limit) == ("abc", 7)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"filters": {"tags_any": ["sea"]}}, "filters"),
        ({"filter": {"tag": ["sea"]}}, "tag"),
        ({"limit": 0}, "limit"),
        ({"cursor": "x", "similar_to": "a"}, "cursor"),
        ({"from_catalog": {"limit": 5}, "limit": 5}, "from_catalog"),
        ({"from_catalog": {"filter": {"tag": []}}}, "tag"),
        ({"candidates": []}, "candidates"),
    ],
)
async def test_a_wrong_field_is_refused_with_its_name(body: Any, named: str) -> None:
    response, event = await sent_for(body)
    assert (response.status_code, problem(response)) == (422, "invalid-request")
    assert event is None
    assert named in response.text


async def test_a_feed_of_similar_images_finds_as_many_as_it_shows() -> None:
    limits = []
    for body in ({"similar_to": "a", "top_k": 4}, {"similar_to": "a"}, {"top_k": 4}):
        _, event = await sent_for(body)
        assert event is not None
        assert event.from_catalog is not None
        limits.append(event.from_catalog.limit)
    assert limits == [4, 100, 100]


async def test_an_unknown_field_is_named_with_what_to_do() -> None:
    response, _ = await sent_for({"filter": {"tag": ["sea"]}})
    assert response.json()["errors"] == [
        {"pointer": "/body/filter/tag",
         "detail": "there is no such field; correct its name or remove it"}
    ]  # fmt: skip


async def test_an_idempotency_key_belongs_to_its_user() -> None:
    fake_site = site()
    async with fake_site.client(**{"Idempotency-Key": "k"}) as app:
        ada = await app.post("/v1/users/ada/feed?wait_seconds=0", json={})
        again = await app.post("/v1/users/ada/feed?wait_seconds=0", json={})
        bob = await app.post("/v1/users/bob/feed?wait_seconds=0", json={})
    assert ada.json()["request_id"] == again.json()["request_id"]
    assert problem(bob) == "key-used-otherwise"


class SignedCursors:
    """Cursors with one key, without a store."""

    def __init__(self) -> None:
        self._signer = CursorSigner(["key"])

    def write(self, user: User, *, hours: int = 1) -> str:
        cursor = PageCursor(
            page_id=uuid4(), conditions="c", expires_at=NOW + timedelta(hours=hours)
        )
        return self._signer.write(cursor, user)

    async def read(self, text: str, user: User, *, now: datetime) -> PageCursor:
        return self._signer.read(text, user, now=now)


@pytest.mark.parametrize(
    ("user", "hours", "status", "slug"),
    [
        (User("default", "ada"), 1, 202, None),
        (User("default", "bob"), 1, 422, "cursor-of-another-user"),
        (User("shop", "ada"), 1, 422, "cursor-of-another-user"),
        (User("default", "ada"), -1, 422, "expired-cursor"),
    ],
)
async def test_a_cursor_that_is_not_the_users_is_refused_before_it_is_sent(
    user: User, hours: int, status: int, slug: str | None
) -> None:
    cursors = SignedCursors()
    fake_site = site(cursors=cursors)
    cursor = cursors.write(user, hours=hours)
    body = {"user_id": "ada", "candidates": [], "from_catalog": {"cursor": cursor}}
    async with fake_site.client() as app:
        responses = [
            await app.post("/v1/users/ada/feed?wait_seconds=0", json={"cursor": cursor}),
            await app.post("/v1/candidates?wait_seconds=0", json=body),
        ]
    for response in responses:
        assert response.status_code == status, response.text
        assert slug is None or problem(response) == slug
    assert len(fake_site.kafka.sent) == (2 if slug is None else 0)
