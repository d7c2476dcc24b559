"""A predicted word's vote depends on its references' actions and on how many show the word."""

from collections.abc import Sequence
from typing import get_args

import pytest

from services.profile.feedback.references import ACTION_WEIGHTS
from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import described_reference


def group(likes: str, shown: Sequence[str], action: Action = "reference_like") -> GroupPrediction:
    """A group whose prediction names the colors `likes` and whose images show `shown`."""
    liked = [described_reference(color, action, number=n) for n, color in enumerate(shown)]
    return GroupPrediction(liked, (), PredictedTaste({Element.COLOR: tuple(likes.split())}, {}))


def colors(*groups: GroupPrediction) -> dict[str, float]:
    taste = taste_by_vote([g.predicted for g in groups], vote_weights(groups))
    return {word.word: word.weight for word in taste.preference.color}


STATED = group("red", ["red"] * 5)


def test_a_vote_weighs_as_much_as_its_references_together() -> None:
    (single,) = vote_weights([STATED])
    assert (single.preference, single.non_preference) == (5.0, 0.0)
    _, clicked = vote_weights([STATED, group("teal", ["teal"] * 5, "click")])
    assert (clicked.preference, clicked.non_preference) == (1.25, 0.0)
    assert vote_weights([]) == []


def test_all_words_of_a_single_prediction_count_in_full() -> None:
    assert colors(group("red teal", ["red", "red", "red", "red", "teal"])) == {"red": 1, "teal": 1}


def test_five_clicks_that_agree_add_to_five_stated_references() -> None:
    assert colors(STATED, group("teal", ["teal"] * 5, "click")) == {"red": 0.8, "teal": 0.2}


def test_clicks_that_do_not_agree_count_nothing() -> None:
    stray = group("teal gold", ["teal", "teal", "gold", "gold", "red"], "click")
    assert colors(STATED, stray) == {"red": 0.8}


def test_both_words_of_stated_references_that_differ_are_kept() -> None:
    two = group("red teal", ["red", "red", "red", "teal", "teal"])
    assert list(colors(two, group("red", ["red"] * 5, "click"))) == ["red", "teal"]


def test_a_word_that_no_description_uses_keeps_its_full_vote() -> None:
    other_words = group("crimson", ["red"] * 5)
    clicked = group("teal", ["teal"] * 5, "click")
    assert colors(other_words, clicked) == {"crimson": 0.8, "teal": 0.2}


def test_an_image_without_a_description_does_not_lower_a_vote() -> None:
    plain = [r.model_copy(update={"description": None}) for r in STATED.liked]
    not_described = GroupPrediction(plain, (), STATED.predicted)
    assert colors(not_described, group("teal", ["teal"] * 5, "click")) == {"red": 0.8, "teal": 0.2}


def test_every_action_except_a_view_has_a_weight() -> None:
    assert set(ACTION_WEIGHTS) | {"view"} == set(get_args(Action))


@pytest.mark.parametrize("element", [Element.COLOR, Element.DETAIL])
def test_a_reference_has_the_described_words_of_each_element(element: Element) -> None:
    reference: Reference = described_reference("red", "click")
    assert reference.described_words(element) == (("red",) if element is Element.COLOR else ())
