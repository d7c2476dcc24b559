"""What we write as UBI is read again as the same events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import Feedback
from shared.events.interchange.values import ShownList
from shared.events.interchange.writers.ubi import event_of, query_of
from shared.events.topics import FEEDS, topic_named
from shared.events.types.feedback import Action
from tests.unit.shared.events.interchange import samples
from tests.unit.shared.events.interchange.samples import read, results

IDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30
).filter(lambda text: text == text.strip("\ufeff \t\r\n"))  # fmt: skip
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2026, 11, 30), timezones=st.just(UTC))
FEEDBACK = st.builds(
    Feedback,
    event_id=st.uuids(),
    occurred_at=TIMES,
    user_id=IDS,
    image_id=IDS,
    type=st.sampled_from(get_args(Action)),
    request_id=st.none() | IDS,
    position=st.none() | st.integers(1, 1_000_000),
    dwell_ms=st.integers(0, 86_400_000),
    uri=st.none() | st.just("https://example.org/p.png"),
)


@settings(max_examples=150, deadline=None)
@given(FEEDBACK)
def test_feedback_is_the_same_after_export_and_import(event: Feedback) -> None:
    with TemporaryDirectory() as folder:
        reads = read(Path(folder) / "e", "ubi", json.dumps(event_of(event), ensure_ascii=False))
    assert results(reads, Feedback) == [event]


def test_a_feed_becomes_a_list_with_its_propensities_and_no_views() -> None:
    from shared.events import RankedFeed

    item = {"score": 12.5, "elements": None, "tier": "vlm"}
    feed = RankedFeed.model_validate(
        {
            "event_id": "6f0d7c1e-54f6-5c0a-9a38-0d5f3c1b7a11",
            "occurred_at": "2026-05-01T10:00:00Z",
            "user_id": "ada", "request_id": "r", "status": "ok", "profile_version": 1,
            "model_version": "m",
            "items": [
                {**item, "image_id": "p1", "rank": 1, "propensity": 0.5, "explored": True},
                {**item, "image_id": "p2", "rank": 2, "propensity": 0.5, "explored": True},
            ],
        }
    )  # fmt: skip
    assert topic_named(FEEDS.name).event is RankedFeed
    with TemporaryDirectory() as folder:
        reads = read(Path(folder) / "q", "ubi", json.dumps(query_of(feed)))
    (shown,) = results(reads, ShownList)
    assert shown == ShownList(
        samples.options("ubi").tenant, "ada", "r", feed.occurred_at, ("p1", "p2"), (0.5, 0.5),
        (True, True), has_own_views=True,
    )  # fmt: skip
