"""A table shows the element weights when they are unequal."""

import io

import pytest
from rich.console import Console

from services.cli.output.listing import Listing, print_listing
from services.cli.output.subjects import unseen_pins
from services.cli.output.tables import (
    AssessedFile,
    assessment_table,
    evidence_lines,
    feed_table,
    taste_table,
)
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.subjects.words import ShownWord, Subjects, SubjectSide, SubjectWord
from shared.domain.taste import Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events import EvidenceReference, ItemEvidence, ProfileUpdated, RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM
from tests.fakes.scores import COLOR_FIRST


def _printed(listing: Listing) -> str:
    output = io.StringIO()
    print_listing(Console(file=output, width=120), listing, width=120)
    return output.getvalue()


@pytest.fixture
def feed() -> RankedFeed:
    return next(event for event, *_ in FROM_PREFERSTREAM if isinstance(event, RankedFeed))


def test_a_feed_shows_unequal_element_weights(feed: RankedFeed) -> None:
    weighted = feed.model_copy(update={"element_weights": COLOR_FIRST})
    assert "color 2.25" in _printed(feed_table(weighted))
    equal = feed.model_copy(update={"element_weights": None})
    assert "element weights" not in _printed(feed_table(equal))


def test_assessed_files_show_unequal_element_weights(feed: RankedFeed) -> None:
    assessment = feed.items[0].elements
    assert assessment is not None
    rows = [AssessedFile("a.png", 17.1, assessment)]
    assert "color 2.25" in _printed(assessment_table(rows, COLOR_FIRST))
    assert "element weights" not in _printed(assessment_table(rows, EQUAL_WEIGHTS))


def test_a_feed_by_subject_shows_its_score_and_its_weight(feed: RankedFeed) -> None:
    item = feed.items[0].model_copy(update={"subject": 4.2, "score_total": 20.7})
    weights = RankingWeights.of(COLOR_FIRST, subject=0.6)
    by_subject = feed.model_copy(
        update={"items": (item,), "subject_weight": 0.6, "ranking_weights": weights}
    )
    printed = _printed(feed_table(by_subject))
    assert "subject" in printed
    assert "4.2" in printed
    assert "20.7" in printed
    assert "this user goes by: subject 60%, color 18%, saturation 12%" in printed
    assert "subject" not in _printed(feed_table(feed))


def test_a_feed_shows_how_much_popularity_counts(feed: RankedFeed) -> None:
    assert "popularity" not in _printed(feed_table(feed))
    popular = feed.model_copy(update={"popularity_weight": 0.25})
    assert "popularity with other users counts 25%" in _printed(feed_table(popular))


def test_a_feed_shows_the_narrowest_word_for_each_image(feed: RankedFeed) -> None:
    words = (ShownWord(word="bird", probability=0.9), ShownWord(word="animal", probability=0.99))
    item = feed.items[0].model_copy(update={"subject_words": words})
    printed = _printed(feed_table(feed.model_copy(update={"items": (item,)})))
    assert "shows" in printed
    assert "bird" in printed
    assert "animal" not in printed
    assert "shows" not in _printed(feed_table(feed))


def test_a_taste_shows_subjects_with_their_counts_or_the_typical_references() -> None:
    bird = SubjectWord(word="bird", weight=0.8, count=4)
    subjects = Subjects(
        preference=SubjectSide(words=(bird,), references=5),
        non_preference=SubjectSide(references=2, examples=("a.png", "b.png")),
    )
    printed = _printed(taste_table(Taste(), title=["Taste"], subjects=subjects))
    assert "bird (4 of 5 likes)" in printed
    assert "like a.png, b.png" in printed
    assert "subject" not in _printed(taste_table(Taste(), title=["Taste"]))


def test_a_pinned_subject_that_no_reference_shows_is_explained() -> None:
    pinned = SubjectSide(
        words=(
            SubjectWord(word="lighthouse", weight=1.0),
            SubjectWord(word="bird", weight=1.0, count=2),
        )
    )
    profile = next(event for event, *_ in FROM_PREFERSTREAM if isinstance(event, ProfileUpdated))
    corrected = profile.model_copy(update={"subjects": Subjects(preference=pinned)})
    (note,) = unseen_pins(corrected, "Lighthouses")
    assert "none of this user's references is named Lighthouses" in note
    assert unseen_pins(corrected, "bird") == unseen_pins(profile, "bird") == []


def test_evidence_is_one_line_with_the_references_that_it_names(feed: RankedFeed) -> None:
    evidence = ItemEvidence(
        text="red, as in 2 of your 3 likes; but resembles the one that you dislike",
        supports=(
            EvidenceReference(image_id="a.png", side="liked", shared_words=("red",)),
            EvidenceReference(image_id="b.png", side="liked", shared_words=("red",)),
        ),
        against=(EvidenceReference(image_id="c.png", side="disliked", effect=-0.2),),
    )
    item = feed.items[0].model_copy(update={"evidence": evidence})
    (line,) = evidence_lines(feed.model_copy(update={"items": (item,)}))
    assert "".join(map(str, line)) == (
        f"{item.image_id}: {evidence.text} (liked a.png, b.png; disliked c.png)"
    )
    bare = feed.items[0].model_copy(update={"evidence": None})
    assert evidence_lines(feed.model_copy(update={"items": (bare,)})) == []
