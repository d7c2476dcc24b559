"""The tools call the real gateway app: with its roles, its errors, and ids of any kind."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.server.mcpserver.exceptions import ToolError

from services.mcp.gateway import Address, Gateway, NoGateway
from services.mcp.server import mcp_server
from shared.domain.images.catalog_entry import CatalogEntry
from shared.events import Feedback, ImageCandidates, ProfileCorrected
from shared.store.catalog.images import Publication
from tests.unit.services.mcp.tastes import ranked, store_taste
from tests.unit.services.ops.site import HOME, NOW, Site, site

IMAGES = [{"image_id": "a", "uri": "https://images.example/a.png"}]
ODD_IDS = ("ada", "a/b", "..", "a b?c#d", "ädä", "100%", "a%2Fb", "😀")


@asynccontextmanager
async def client_of(fake_site: Site, token: str | None = None) -> AsyncIterator[Client]:
    """The SDK's own client, connected to a server that calls the app without a network."""
    bearer = f"secret-{token}" if token else None
    gateway = Gateway(
        lambda: Address(HOME, bearer),
        wait_seconds=0.2,
        client=lambda: httpx2.AsyncClient(transport=httpx2.ASGITransport(fake_site.app)),
    )
    async with Client(mcp_server(gateway)) as client:
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def error_of(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return " ".join(getattr(part, "text", "") for part in result.content)


@pytest.fixture
def quick() -> Site:
    """A site whose feeds are there at once."""
    fake_site = site()
    fake_site.kafka.feed_for = ranked
    return fake_site


async def test_an_argument_that_a_tool_does_not_have_is_refused(quick: Site) -> None:
    async with client_of(quick) as client:
        error = await error_of(client, "rank_images", user_id="ada", filters={"tags_any": ["x"]})
    assert "rank_images has no argument filters; it takes user_id, images" in error
    assert quick.kafka.sent == []


async def test_every_tool_and_every_parameter_is_described(quick: Site) -> None:
    async with client_of(quick) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {
        "rank_images", "read_feed", "explain_rank", "similar_images", "read_taste", "pin_word",
        "veto_word", "send_feedback",
    }  # fmt: skip
    for tool in tools:
        assert tool.description
        for name, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), (tool.name, name)


async def test_listed_images_are_ranked_explained_and_read_again(quick: Site) -> None:
    async with client_of(quick) as client:
        ranked = await call(client, "rank_images", user_id="ada", images=IMAGES)
        request = {"user_id": "ada", "request_id": ranked["request_id"]}
        why = await call(client, "explain_rank", **request, image_id="a")
        again = await call(client, "read_feed", **request)
        missing = await error_of(client, "explain_rank", **request, image_id="z")
    assert ranked["images"][0]["image_id"] == "a"
    assert why["rank"] == 1
    assert why["reasons"]
    assert again == ranked
    assert "'z' is not in the feed" in missing


async def test_without_images_the_catalog_is_ranked(quick: Site) -> None:
    async with client_of(quick) as client:
        await call(
            client, "rank_images", user_id="ada", similar_to="b", filter={"tags_any": ["sea"]}
        )
        both = await error_of(client, "rank_images", user_id="ada", images=IMAGES, similar_to="b")
        misspelled = await error_of(client, "rank_images", user_id="ada", filter={"tag": ["sea"]})
    (sent,) = quick.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert sent.from_catalog is not None
    assert (sent.from_catalog.similar_to, sent.from_catalog.filter.tags_any) == ("b", ("sea",))
    assert "leave them out" in both
    assert "tag" in misspelled


async def test_a_feed_that_is_not_ready_is_pending() -> None:
    async with client_of(site()) as client:
        pending = await call(client, "rank_images", user_id="ada", images=IMAGES)
        request = {"user_id": "ada", "request_id": pending["request_id"]}
        later = await error_of(client, "explain_rank", **request, image_id="a")
    assert (pending["status"], pending["images"]) == ("pending", [])
    assert "not ready" in later


@pytest.mark.parametrize("user", ODD_IDS)
async def test_ids_of_any_kind_reach_the_gateway(quick: Site, user: str) -> None:
    await store_taste(quick, user)
    async with client_of(quick) as client:
        assert (await call(client, "read_taste", user_id=user))["user_id"] == user
        await call(client, "pin_word", user_id=user, element="color", word="red")
        feed = await call(client, "rank_images", user_id=user)
    assert feed["user_id"] == user
    assert {event.user_id for event in quick.kafka.sent} == {user}  # type: ignore[attr-defined]


async def test_a_taste_is_read_in_words(quick: Site) -> None:
    await store_taste(quick, "ada")
    async with client_of(quick) as client:
        taste = await call(client, "read_taste", user_id="ada")
        unknown = await error_of(client, "read_taste", user_id="bob")
    assert taste["likes"] == {"color": {"pastel": 0.8}}
    assert taste["liked_images"] == 1
    assert "no profile yet" in unknown


async def test_words_are_pinned_and_vetoed_and_feedback_is_sent(quick: Site) -> None:
    async with client_of(quick) as client:
        await call(client, "pin_word", user_id="ada", element="color", word="red")
        await call(client, "veto_word", user_id="ada", element="subject", word="dog")
        like = {"type": "like", "image_id": "a", "uri": "https://images.example/a.png"}
        await call(client, "send_feedback", user_id="ada", actions=[like])
        wrong = await error_of(
            client, "send_feedback", user_id="ada", actions=[{"type": "dwell", "image_id": "a"}]
        )
    pin, veto, feedback = quick.kafka.sent
    assert isinstance(pin, ProfileCorrected)
    assert isinstance(veto, ProfileCorrected)
    assert isinstance(feedback, Feedback)
    assert (pin.action, pin.word, veto.action, veto.word) == ("pin", "red", "veto", "dog")
    assert "dwell_ms" in wrong


async def test_a_reader_reads_and_cannot_pin() -> None:
    fake_site = site(with_tokens=True)
    await store_taste(fake_site, "ada")
    async with client_of(fake_site, "reader") as client:
        await call(client, "read_taste", user_id="ada")
        refused = [
            await error_of(client, "pin_word", user_id="ada", element="color", word="red"),
            await error_of(client, "veto_word", user_id="ada", element="color", word="red"),
            await error_of(client, "rank_images", user_id="ada", images=IMAGES),
        ]
    assert all("write" in text for text in refused), refused
    assert fake_site.kafka.sent == []
    async with client_of(fake_site, "writer") as client:
        await call(client, "pin_word", user_id="ada", element="color", word="red")


@pytest.mark.parametrize("token", [None, "stranger"])
async def test_an_unknown_token_reads_nothing(token: str | None) -> None:
    async with client_of(site(with_tokens=True), token) as client:
        assert "token" in (await error_of(client, "read_taste", user_id="ada")).lower()


async def test_similar_images_come_from_the_catalog(quick: Site) -> None:
    entry = CatalogEntry(tenant="default", image_id="a", uri="https://images.example/a.png")
    published = Publication(entry, NOW - timedelta(days=1))
    await quick.catalog.publish([published])
    async with client_of(quick) as client:
        not_indexed = await error_of(client, "similar_images", image_id="a")
        unknown = await error_of(client, "similar_images", image_id="../a")
    assert "index" in not_indexed
    assert "catalog" in unknown


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": "ada", "top_k": 0}, "top_k"),
        ({"user_id": "ada", "images": [{"image_id": "a"}]}, "uri"),
        ({"user_id": "a\nb"}, "control characters"),
    ],
)
async def test_a_wrong_argument_is_named(
    quick: Site, arguments: dict[str, Any], field: str
) -> None:
    async with client_of(quick) as client:
        assert field in await error_of(client, "rank_images", **arguments)


async def test_other_machines_reach_no_gateway_without_tokens(quick: Site) -> None:
    results = []
    for fake_site in (quick, site(with_tokens=True)):
        app = httpx2.ASGITransport(fake_site.app)
        gateway = Gateway(
            lambda: Address(HOME),
            client=lambda app=app: httpx2.AsyncClient(transport=app),  # type: ignore[misc]
            is_exposed=True,
        )
        async with Client(mcp_server(gateway)) as client:
            results.append(await error_of(client, "read_taste", user_id="ada"))
        with pytest.raises(ToolError, match="no profile" if results[1:] else "PREFERSTREAM_OPS"):
            await gateway.get("/v1/profiles/ada", token="secret-reader")
    assert "PREFERSTREAM_OPS_TOKENS" in results[0]
    assert "valid bearer token" in results[1]


def _no_gateway() -> Address:
    raise NoGateway("start one with `preferstream up`")


def _elsewhere() -> Address:
    return Address("http://127.0.0.1:9")


@pytest.mark.parametrize("find", [_no_gateway, _elsewhere])
async def test_without_a_gateway_a_tool_says_how_to_start_one(find: Callable[[], Address]) -> None:
    async with Client(mcp_server(Gateway(find))) as client:
        assert "preferstream up" in await error_of(client, "read_taste", user_id="ada")
