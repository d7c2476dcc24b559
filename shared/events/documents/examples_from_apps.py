"""Examples of every event that applications send: one full and one minimal."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.domain.corrections import CorrectedWord
from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition, NumberRange
from shared.domain.taste import Element
from shared.events.types.base import Event
from shared.events.types.candidates import Candidate, ImageCandidates
from shared.events.types.catalog import CatalogImage, FromCatalog
from shared.events.types.correction import ProfileCorrected
from shared.events.types.erase import UserErase
from shared.events.types.feedback import Feedback

AT: Final = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
LATER: Final = datetime(2026, 1, 31, 9, 30, 1, 250_000, tzinfo=UTC)
USER: Final = "user-42"


def example_id(number: int) -> UUID:
    """The event id of the example with this number."""
    return UUID(f"018f3a5e-7b1c-7d2e-9f40-{number:012d}")


FROM_APPS: Final[tuple[tuple[Event, Event], ...]] = (
    (
        CatalogImage(
            event_id=example_id(27),
            occurred_at=AT,
            tenant="gallery",
            image_id="img-1",
            uri="https://images.example.com/img-1.jpg",
            author_id="artist-3",
            created_at=datetime(2026, 1, 30, 18, 0, tzinfo=UTC),
            tags=("landscape", "winter sale"),
            metadata={"price": 49.5, "stock": 3, "framed": True, "room": "hall"},
            available_from=datetime(2026, 2, 1, tzinfo=UTC),
            available_until=datetime(2026, 3, 1, tzinfo=UTC),
        ),
        CatalogImage(
            event_id=example_id(28),
            occurred_at=AT,
            image_id="img-1",
            uri="https://images.example.com/img-1.jpg",
        ),
    ),
    (
        ImageCandidates(
            event_id=example_id(1),
            occurred_at=AT,
            user_id=USER,
            tenant="gallery",
            request_id="request-7",
            candidates=(
                Candidate(
                    image_id="img-1",
                    uri="https://images.example.com/img-1.jpg",
                    prompt="a lighthouse at dusk, watercolour",
                    author_id="artist-3",
                    created_at=datetime(2026, 1, 30, 18, 0, tzinfo=UTC),
                    metadata={"campaign": "winter", "slot": 2, "share": 0.5, "new": True},
                ),
                Candidate(image_id="img-2", uri="s3://images/img-2.png"),
            ),
            top_k=1,
            explain="all",
            deadline_ms=1500,
            exclude_ids=("img-9",),
            from_catalog=FromCatalog(
                limit=50,
                filter=CatalogFilter(
                    tags_any=("landscape", "sea"),
                    tags_none=("sold",),
                    not_author_ids=("artist-9",),
                    created_after=datetime(2026, 1, 1, tzinfo=UTC),
                    metadata=(
                        MetadataCondition(key="price", range=NumberRange(lt=100)),
                        MetadataCondition(key="room", any_of=("hall", "kitchen")),
                    ),
                ),
                similar_to="img-5",
            ),
        ),
        ImageCandidates(
            event_id=example_id(2),
            occurred_at=AT,
            user_id=USER,
            request_id="request-8",
            candidates=(Candidate(image_id="img-1", uri="https://images.example.com/img-1.jpg"),),
        ),
    ),
    (
        Feedback(
            event_id=example_id(5),
            occurred_at=LATER,
            user_id=USER,
            tenant="gallery",
            type="dwell",
            image_id="img-1",
            uri="https://images.example.com/img-1.jpg",
            request_id="request-7",
            position=1,
            dwell_ms=5400,
        ),
        Feedback(
            event_id=example_id(6), occurred_at=LATER, user_id=USER, type="like", image_id="img-1"
        ),
    ),
    (
        ProfileCorrected(
            event_id=example_id(15),
            occurred_at=LATER,
            user_id=USER,
            tenant="gallery",
            action="edit",
            element=Element.COLOR,
            side="preference",
            words=(CorrectedWord(word="pastel"), CorrectedWord(word="deep blue", weight=0.5)),
        ),
        ProfileCorrected(event_id=example_id(16), occurred_at=LATER, user_id=USER, action="reset"),
    ),
    (
        UserErase(
            event_id=example_id(11),
            occurred_at=AT,
            user_id=USER,
            tenant="gallery",
            reason="asked to",
        ),
        UserErase(event_id=example_id(12), occurred_at=AT, user_id=USER),
    ),
)
"""A full and a minimal example of each event type."""
