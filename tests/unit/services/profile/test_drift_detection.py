"""A taste has changed when later references say so decisively, element by element, at any age."""

import random
from collections.abc import Sequence

import pytest

from services.profile.prediction.drift_detection import ENOUGH, MOST_WORDS, since_changed
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import told

COLORS = ("red", "blue", "teal", "gold", "lime", "pink", "navy", "plum")
STATED = [told("red", "reference_like", number=n, detail="plain") for n in range(5)] + [
    told("blue", "reference_dislike", number=n, detail="rich") for n in range(5)
]


def taste(**words: str) -> Taste:
    """`color="red blue"` is red liked and blue disliked."""
    sides = [{Element(e): (both.split()[n],) for e, both in words.items()} for n in (0, 1)]
    return taste_by_vote([PredictedTaste(*sides)])


BEFORE = taste(color="red blue", detail="plain rich")


def days(
    liked: Sequence[str], disliked: Sequence[str], *, like: Action = "like", detail: str = ""
) -> list[Reference]:
    """One of each a day, from the first day on, in these colors; `detail` as in `taste`."""
    details = [{"detail": word} for word in detail.split()] or [{}, {}]
    return [
        told(color, action, day=day + 1, number=number, **words)
        for number, (colors, action, words) in enumerate(
            [(liked, like, details[0]), (disliked, "dislike", details[1])]
        )
        for day, color in enumerate(colors)
    ]


def words(found: Taste, element: Element = Element.COLOR) -> tuple[list[str], list[str]]:
    return (
        [word.word for word in found.preference[element]],
        [word.word for word in found.non_preference[element]],
    )


def test_who_likes_and_dislikes_other_things_for_days_has_changed() -> None:
    later = days(["teal"] * 8, ["gold"] * 8)
    found = since_changed([*STATED, *later], BEFORE)
    assert words(found) == (["teal"], ["gold"])


def test_an_element_of_which_nothing_else_is_told_keeps_its_words() -> None:
    later = days(["teal"] * 8, ["gold"] * 8, detail="plain rich")
    found = since_changed([*STATED, *later], BEFORE)
    assert words(found) == (["teal"], ["gold"])
    assert words(found, Element.DETAIL) == (["plain"], ["rich"])


def test_who_goes_on_as_before_has_not_changed_though_a_part_is_chance() -> None:
    chance = ["teal", "lime", "gold", "pink"]
    later = days([*["red"] * 6, *chance], [*["blue"] * 4, *chance, "navy", "plum"])
    assert since_changed([*STATED, *later], BEFORE) == BEFORE


@pytest.mark.parametrize("seed", range(10))
def test_clicks_on_anything_change_nothing(seed: int) -> None:
    clicked = random.Random(seed).choices(COLORS, k=20)
    later = days(clicked, (), like="click", detail="plain rich")
    assert since_changed([*STATED, *later], BEFORE) == BEFORE


def test_clicks_of_which_some_are_chance_speak_all_together() -> None:
    clicked = [*["teal"] * 14, "red", "lime", "gold", "pink", "navy", "plum"]
    later = days(clicked, (), like="click", detail="rich plain")
    assert words(since_changed([*STATED, *later], BEFORE))[0] == ["teal"]
    assert since_changed([*STATED, *later[::4]], BEFORE) == BEFORE


def test_a_side_of_which_nothing_is_told_since_keeps_its_words() -> None:
    later = days(["teal"] * 20, (), detail="intricate x")
    assert words(since_changed([*STATED, *later], BEFORE)) == (["teal"], ["blue"])


def test_a_word_that_is_liked_now_is_no_longer_disliked() -> None:
    later = days(["blue"] * 20, (), detail="intricate x")
    assert words(since_changed([*STATED, *later], BEFORE)) == (["blue"], [])


def test_a_changed_taste_may_have_two_words_a_side() -> None:
    later = days(["teal", "lime"] * 6, ["gold", "pink"] * 6)
    found = since_changed([*STATED, *later], BEFORE)
    assert [sorted(side) for side in words(found)] == [["lime", "teal"], ["gold", "pink"]]


def test_a_word_told_of_now_and_then_is_chance() -> None:
    later = days([*["teal"] * 8, "lime", "plum"], [*["gold"] * 8, "navy", "plum"])
    assert words(since_changed([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_of_many_words_those_told_of_most_are_weighed() -> None:
    many = [f"shade {n}" for n in range(MOST_WORDS * 2)]
    later = days([*many, *["teal"] * 12], [*many, *["gold"] * 12])
    assert words(since_changed([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_a_few_new_things_are_too_few_however_much_they_agree() -> None:
    later = days(["teal"] * 5, ["gold"] * 5, detail="intricate moderate")[: ENOUGH - 1]
    assert since_changed([*STATED, *later], BEFORE) == BEFORE
    later = days(["teal"] * 5, ["gold"] * 5, detail="intricate moderate")
    assert words(since_changed([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_what_is_told_at_one_sitting_is_one_taste() -> None:
    both = [told("teal", "reference_like", number=n) for n in range(10, 20)]
    assert since_changed([*STATED, *both], BEFORE) == BEFORE


def test_neither_age_nor_the_order_of_telling_matters() -> None:
    later = days(["teal"] * 8, ["gold"] * 8)
    found = since_changed([*STATED, *later], BEFORE)
    aged = [
        one.model_copy(update={"occurred_at": one.occurred_at.replace(year=2036)}) for one in later
    ]
    assert since_changed([*aged[::-1], *STATED], BEFORE) == found


def test_images_that_show_nothing_known_change_nothing() -> None:
    assert since_changed([], BEFORE) == BEFORE
    blank = [one.model_copy(update={"shown": None}) for one in days(["teal"] * 10, ["gold"] * 10)]
    assert since_changed([*STATED, *blank], BEFORE) == BEFORE
    assert since_changed(blank, Taste()) == Taste()


def test_an_unknown_taste_can_become_known() -> None:
    later = days(["teal"] * 10, ["gold"] * 10)
    found = since_changed([*STATED[:1], *later], Taste())
    assert words(found) == (["teal"], ["gold"])
    unknown = [e for e in ELEMENTS if e not in (Element.COLOR, Element.DETAIL)]
    assert all(words(found, element) == ([], []) for element in unknown)
