"""The client follows the cursor of a feed from page to page."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from shared.client import AsyncClient, Client
from shared.client.catalog import next_page
from shared.events import RankedFeed

CURSORS = ["c-1", "c-2", None]


def page(number: int) -> RankedFeed:
    return RankedFeed(
        event_id=uuid4(), occurred_at=datetime(2026, 1, 31, tzinfo=UTC), user_id="ada",
        request_id=f"r-{number}", status="ok", items=(), profile_version=None, model_version="m",
        next_cursor=CURSORS[number],
    )  # fmt: skip


WANTED: list[dict[str, Any]] = [
    {"limit": 7, "filter": {"tags_any": ["sea"]}, "similar_to": "a", "top_k": 3},
    # The conditions are those of the first page; the size of a page is sent again.
    {"limit": 7, "top_k": 3, "cursor": "c-1"},
    {"limit": 7, "top_k": 3, "cursor": "c-2"},
]


def test_pages_follow_until_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[dict[str, Any]] = []

    def answer(self: Client, user_id: str, *, seconds: float, **fields: Any) -> RankedFeed:
        requests.append(dict(fields))
        return page(len(requests) - 1)

    monkeypatch.setattr(Client, "feed_from_catalog", answer)
    client = Client.__new__(Client)
    pages = list(client.feed_pages("ada", **WANTED[0]))
    assert [feed.request_id for feed in pages] == ["r-0", "r-1", "r-2"]
    assert requests == WANTED


def test_a_further_page_is_a_request_of_its_own() -> None:
    first = {"request_id": "r-0", "event_id": uuid4(), "top_k": 3}
    assert next_page(page(0), first) == {"top_k": 3, "cursor": "c-1"}
    assert next_page(page(2), first) is None


async def test_pages_are_requested_when_they_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[dict[str, Any]] = []

    async def answer(
        self: AsyncClient, user_id: str, *, seconds: float, **fields: Any
    ) -> RankedFeed:
        requests.append(dict(fields))
        return page(len(requests) - 1)

    monkeypatch.setattr(AsyncClient, "feed_from_catalog", answer)
    pages = AsyncClient.__new__(AsyncClient).feed_pages("ada", **WANTED[0])
    await anext(pages)
    assert len(requests) == 1
    assert [feed.request_id async for feed in pages] == ["r-1", "r-2"]
    assert requests == WANTED
