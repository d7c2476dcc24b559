"""A table shows the element weights when they are unequal."""

import io

import pytest
from rich.console import Console

from services.cli.output.listing import Listing, print_listing
from services.cli.output.tables import assessment_table, feed_table
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.events import RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM
from tests.fakes.scores import COLOR_FIRST


def _printed(listing: Listing) -> str:
    output = io.StringIO()
    print_listing(Console(file=output, width=120), listing, width=120)
    return output.getvalue()


@pytest.fixture
def feed() -> RankedFeed:
    feed = FROM_PREFERSTREAM[0][0]
    assert isinstance(feed, RankedFeed)
    return feed


def test_a_feed_shows_unequal_element_weights(feed: RankedFeed) -> None:
    weighted = feed.model_copy(update={"element_weights": COLOR_FIRST})
    assert "color 2.25" in _printed(feed_table(weighted))
    equal = feed.model_copy(update={"element_weights": None})
    assert "element weights" not in _printed(feed_table(equal))


def test_assessed_files_show_unequal_element_weights(feed: RankedFeed) -> None:
    assessment = feed.items[0].elements
    assert assessment is not None
    rows = [("a.png", 17.1, assessment)]
    assert "color 2.25" in _printed(assessment_table(rows, COLOR_FIRST))
    assert "element weights" not in _printed(assessment_table(rows, EQUAL_WEIGHTS))


def test_a_feed_by_subject_shows_its_score_and_its_weight(feed: RankedFeed) -> None:
    item = feed.items[0].model_copy(update={"subject": 4.2, "score_total": 20.7})
    by_subject = feed.model_copy(update={"items": (item,), "subject_weight": 0.9})
    printed = _printed(feed_table(by_subject))
    assert "subject" in printed
    assert "4.2" in printed
    assert "20.7" in printed
    assert "this user goes by the subject 90% and by the look 10%" in printed
    assert "subject" not in _printed(feed_table(feed))
