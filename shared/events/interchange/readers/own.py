"""Read our own Parquet export: each row holds its whole event, with its id."""

from collections.abc import Iterator
from typing import Final

from shared.domain.errors import Unprocessable
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Row, ShownList, Skipped
from shared.events.topics import CATALOG, FEEDBACK, FEEDS, Topic
from shared.events.types.catalog import CatalogImage
from shared.events.types.feed import RankedFeed
from shared.events.types.feedback import Feedback
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

_BY_COLUMN: Final[tuple[tuple[str, Topic], ...]] = (
    ("status", FEEDS), ("type", FEEDBACK), ("uri", CATALOG)
)  # fmt: skip
"""A column that only the table of this topic has."""


def read(row: Row, options: ImportOptions) -> Iterator[Imported | Skipped]:
    """The event of one row, in the tenant of the import; raises `Unprocessable`."""
    topic = next((topic for name, topic in _BY_COLUMN if name in row.fields), None)
    text = row.fields.get("event")
    if topic is None or not isinstance(text, str):
        raise Unprocessable(
            "missing_field", "the row has no column `event` of our export; was it written by"
            " `preferstream export parquet`?",
        )  # fmt: skip
    event = decode(topic, Record(topic.name, 0, row.line, 0, None, text.encode()), now=options.now)
    match event:
        case RankedFeed():
            yield list_of_feed(event, tenant=options.tenant)
        case Feedback() | CatalogImage():
            yield event.model_copy(update={"tenant": options.tenant})


def list_of_feed(feed: RankedFeed, *, tenant: str) -> ShownList | Skipped:
    """The list that a feed shows, with its propensities; apps report the views themselves."""
    if not feed.items:
        return Skipped("feeds without images")
    return ShownList(
        tenant,
        feed.user_id,
        feed.request_id,
        feed.occurred_at,
        tuple(item.image_id for item in feed.items),
        tuple(item.propensity for item in feed.items),
        tuple(item.explored for item in feed.items),
        has_own_views=True,
    )
