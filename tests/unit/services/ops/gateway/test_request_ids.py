"""A request id belongs to its user and tenant: reading back, repeating, idempotency keys."""

from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest

from services.ops.auth.roles import Role
from shared.events import ImageCandidates, RankedFeed
from tests.unit.services.ops.gateway.test_gateway import problem
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import Site, known_tokens, site

ODD_IDS = [
    "r-1",
    "a/b",
    "a//b/",
    "50%",
    "%2F",
    "a?b=c#d",
    "a&user_id=bob",
    "Gr\u00fc\u00dfe",
    "\u4e00 \U0001f600",
]


def slate(user: str, request_id: str | None = None, *, image: str = "a", **fields: Any) -> Any:
    images = [{"image_id": image, "uri": f"https://images.example/{image}.png"}]
    named = {} if request_id is None else {"request_id": request_id}
    return {"user_id": user, "candidates": images, **named, **fields}


def address(request_id: str, **parameters: str) -> str:
    return str(httpx.URL(f"/v1/feeds/{quote(request_id, safe='')}", params=parameters or None))


@pytest.fixture
def quick() -> Site:
    fake_site = site()
    fake_site.kafka.feed_for = feed_of
    return fake_site


@pytest.mark.parametrize("request_id", ODD_IDS)
async def test_each_user_reads_only_their_own_feed(quick: Site, request_id: str) -> None:
    async with quick.client() as app:
        for user in ("ada", "bob"):
            response = await app.post("/v1/candidates", json=slate(user, request_id))
            assert response.json()["user_id"] == user
        for user in ("ada", "bob"):
            feed = await app.get(address(request_id, user_id=user))
            assert (feed.json()["user_id"], feed.json()["request_id"]) == (user, request_id)
        assert problem(await app.get(address(request_id, user_id="eve"))) == "no-feed"
        other = await app.get(address(request_id, user_id="ada", tenant="gallery"))
        assert problem(other) == "no-feed"
    assert len(quick.kafka.sent) == 2


async def test_the_address_of_a_pending_feed_names_its_user(quick: Site) -> None:
    quick.kafka.feed_for = lambda event: None
    async with quick.client() as app:
        pending = [
            await app.post("/v1/candidates?wait_seconds=0", json=slate(user, "a&b=c#?"))
            for user in ("ada", "b&tenant=x/b")
        ]
        for event in quick.kafka.sent:
            assert isinstance(event, ImageCandidates)
            quick.kafka.deliver(feed_of(event))
        feeds = [await app.get(response.headers["location"]) for response in pending]
    assert [feed.json()["user_id"] for feed in feeds] == ["ada", "b&tenant=x/b"]


@pytest.mark.parametrize("request_id", [".", "..", "./", "/", "//", "a/../b", "%2e", " "])
async def test_the_address_in_a_response_works_for_any_id(request_id: str) -> None:
    slow = site()
    async with slow.client() as app:
        pending = await app.post("/v1/candidates?wait_seconds=0", json=slate("ada", request_id))
        assert (await app.get(pending.headers["location"])).status_code == 202
        (event,) = slow.kafka.sent
        assert isinstance(event, ImageCandidates)
        slow.kafka.deliver(feed_of(event))
        feed = await app.get(pending.headers["location"])
        assert feed.json()["request_id"] == request_id
        parameters = {"request_id": request_id, "user_id": "ada"}
        assert (await app.get("/v1/feeds", params=parameters)).json() == feed.json()
        assert (await app.get("/v1/feeds", params={"request_id": request_id})).status_code == 422


@pytest.mark.parametrize(
    "request_id", ["r-1", "home", "1", "a/../x", "cd429740-ec6a-11f1-abae-02fc00000001"]
)
async def test_an_id_that_can_be_guessed_needs_its_user(quick: Site, request_id: str) -> None:
    async with quick.client() as app:
        await app.post("/v1/candidates", json=slate("ada", request_id))
        response = await app.get(address(request_id))
    assert response.status_code == 422
    assert problem(response) == "user-missing"
    assert "user_id" in response.json()["detail"]
    assert "ada" not in response.text


async def test_a_random_id_is_read_back_without_its_user(quick: Site) -> None:
    async with quick.client() as app:
        feed = (await app.post("/v1/candidates", json=slate("ada"))).json()
        assert (await app.get(address(feed["request_id"]))).json() == feed
        assert problem(await app.get(address(feed["request_id"], tenant="gallery"))) == "no-feed"


async def test_a_random_id_of_two_users_needs_the_user(quick: Site) -> None:
    request_id = str(uuid4())
    async with quick.client() as app:
        await app.post("/v1/candidates", json=slate("ada", request_id))
        quick.kafka.feed_for = lambda event: None
        pending = await app.post("/v1/candidates", json=slate("bob", request_id))
        response = await app.get(address(request_id))
        assert (response.status_code, problem(response)) == (409, "ambiguous-request")
        assert (await app.get(address(request_id, user_id="ada"))).status_code == 200
        assert (await app.get(pending.headers["location"])).status_code == 202


async def test_a_token_of_one_tenant_reads_no_feed_of_another_tenant(quick: Site) -> None:
    one_tenant = site(tokens=known_tokens({"writer": Role.WRITE}, tenant="gallery"))
    async with quick.client() as app:
        await app.post("/v1/candidates", json=slate("ada", "r-1"))
    (event,) = quick.kafka.sent
    assert isinstance(event, ImageCandidates)
    one_tenant.kafka.deliver(feed_of(event))
    async with one_tenant.client("writer") as app:
        assert problem(await app.get(address("r-1", user_id="ada"))) == "no-feed"
        foreign = await app.get(address("r-1", user_id="ada", tenant="default"))
    assert problem(foreign) == "foreign-tenant"


async def test_a_repeated_request_returns_its_feed_and_other_content_a_new_one(quick: Site) -> None:
    async with quick.client() as app:
        first = await app.post("/v1/candidates", json=slate("ada", "r-1"))
        again = await app.post("/v1/candidates", json=slate("ada", "r-1"))
        other = await app.post("/v1/candidates", json=slate("ada", "r-1", image="b"))
    assert first.content == again.content
    assert other.json()["event_id"] != first.json()["event_id"]
    assert len(quick.kafka.sent) == 2


async def test_one_key_for_two_users_gives_different_ids_at_every_instance() -> None:
    feeds: list[RankedFeed] = []
    for user in ("ada", "bob", "ada"):
        instance = site()  # Each knows nothing of the others, as after a restart.
        instance.kafka.feed_for = feed_of
        async with instance.client(**{"Idempotency-Key": "k-1"}) as app:
            response = await app.post("/v1/candidates", json=slate(user))
        feeds.append(RankedFeed.model_validate_json(response.content))
    ada, bob, ada_again = feeds
    assert ada.request_id != bob.request_id
    assert ada == ada_again
    assert UUID(ada.request_id).version == 5


async def test_one_key_for_the_actions_of_two_users_gives_different_event_ids() -> None:
    ids: list[str] = []
    for user in ("ada", "bob"):
        async with site().client(**{"Idempotency-Key": "k-1"}) as app:
            body = {"user_id": user, "actions": [{"type": "like", "image_id": "a"}]}
            ids += (await app.post("/v1/feedback", json=body)).json()["event_ids"]
    assert len(set(ids)) == 2
