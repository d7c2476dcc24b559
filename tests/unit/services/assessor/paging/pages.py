"""Request the pages of a feed one after another, as an app does."""

from itertools import count
from typing import Any

from services.assessor.steps.paging.store_page import FURTHER_LOOK
from shared.events import ImageCandidates, RankedFeed
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.users import request

MAX_PAGES = FURTHER_LOOK
_NUMBERS = count(1)


def page_request(*listed: str, cursor: str | None = None, **fields: Any) -> ImageCandidates:
    """A request of Ana for the next page; `fields` are those of `from_catalog` or the request."""
    names = ("limit", "filter", "similar_to")
    wanted = {name: fields.pop(name) for name in names if name in fields}
    if cursor is not None:
        wanted["cursor"] = cursor
    fields.setdefault("request_id", f"page-{next(_NUMBERS)}")
    return request(*listed, from_catalog=wanted, **fields)


async def all_pages(
    assessor: Assessor,
    *,
    cursor: str | None = None,
    first: dict[str, Any] | None = None,
    **fields: Any,
) -> list[RankedFeed]:
    """All pages of a feed; `first` are fields of the first request alone."""
    conditions = first or {}
    feeds: list[RankedFeed] = []
    while len(feeds) < MAX_PAGES:
        feed = await assessor.feed(page_request(cursor=cursor, **{**fields, **conditions}))
        conditions = {}
        feeds.append(feed)
        if feed.next_cursor is None:
            return feeds
        cursor = feed.next_cursor
    raise AssertionError("the feed has no last page")


def ids_of(feeds: list[RankedFeed]) -> list[str]:
    return [image_id for feed in feeds for image_id in image_ids(feed)]
