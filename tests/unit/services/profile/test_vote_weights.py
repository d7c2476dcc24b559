"""Predicted words count by what their references say, and by how many of them show the word."""

from collections.abc import Sequence
from typing import get_args

import pytest

from services.profile.feedback.references import TELLS
from services.profile.prediction.vote_weights import Heard, voices
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import told


def heard(likes: str, shown: Sequence[str], action: Action = "reference_like") -> Heard:
    """One prediction of liked colors, and the colors that its images show."""
    liked = [told(color, action, number=n) for n, color in enumerate(shown)]
    return Heard(liked, (), PredictedTaste({Element.COLOR: tuple(likes.split())}, {}))


def colors(*groups: Heard) -> dict[str, float]:
    taste = taste_by_vote([one.said for one in groups], voices(groups))
    return {word.word: word.weight for word in taste.preference.color}


STATED = heard("red", ["red"] * 5)


def test_a_voice_is_what_its_references_say() -> None:
    (alone,) = voices([STATED])
    assert (alone.likes, alone.dislikes) == (5.0, 0.0)
    _, clicked = voices([STATED, heard("teal", ["teal"] * 5, "click")])
    assert (clicked.likes, clicked.dislikes) == (1.25, 0.0)
    assert voices([]) == []


def test_one_prediction_alone_is_taken_at_its_word() -> None:
    assert colors(heard("red teal", ["red", "red", "red", "red", "teal"])) == {"red": 1, "teal": 1}


def test_five_clicks_that_agree_are_heard_beside_five_statements() -> None:
    assert colors(STATED, heard("teal", ["teal"] * 5, "click")) == {"red": 0.8, "teal": 0.2}


def test_clicks_that_do_not_agree_are_not() -> None:
    stray = heard("teal gold", ["teal", "teal", "gold", "gold", "red"], "click")
    assert colors(STATED, stray) == {"red": 0.8}


def test_both_words_of_statements_that_disagree_stay() -> None:
    two = heard("red teal", ["red", "red", "red", "teal", "teal"])
    assert list(colors(two, heard("red", ["red"] * 5, "click"))) == ["red", "teal"]


def test_what_is_predicted_in_other_words_than_it_is_described_keeps_its_say() -> None:
    other_words = heard("crimson", ["red"] * 5)
    clicked = heard("teal", ["teal"] * 5, "click")
    assert colors(other_words, clicked) == {"crimson": 0.8, "teal": 0.2}


def test_an_image_that_is_not_described_takes_no_say_away() -> None:
    plain = [one.model_copy(update={"shown": None}) for one in STATED.liked]
    silent = Heard(plain, (), STATED.said)
    assert colors(silent, heard("teal", ["teal"] * 5, "click")) == {"red": 0.8, "teal": 0.2}


def test_every_action_that_speaks_says_something() -> None:
    assert set(TELLS) | {"view"} == set(get_args(Action))


@pytest.mark.parametrize("element", [Element.COLOR, Element.DETAIL])
def test_a_reference_shows_what_was_seen_and_nothing_else(element: Element) -> None:
    seen: Reference = told("red", "click")
    assert seen.shows(element) == (("red",) if element is Element.COLOR else ())
