"""A drift is detected when later references explain it decisively, for each element."""

import random
from collections.abc import Sequence

import pytest

from services.profile.prediction.drift.word_hypotheses import MAX_COMPARED_WORDS
from services.profile.prediction.drift_detection import MIN_REFERENCES, detect_drift
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import described_reference

COLORS = ("red", "blue", "teal", "gold", "lime", "pink", "navy", "plum")
STATED = [
    described_reference("red", "reference_like", number=n, detail="plain") for n in range(5)
] + [described_reference("blue", "reference_dislike", number=n, detail="rich") for n in range(5)]


def taste(**words: str) -> Taste:
    """`color="red blue"` is red liked and blue disliked."""
    sides = [{Element(e): (both.split()[n],) for e, both in words.items()} for n in (0, 1)]
    return taste_by_vote([PredictedTaste(*sides)])


BEFORE = taste(color="red blue", detail="plain rich")


def days(
    liked: Sequence[str], disliked: Sequence[str], *, like: Action = "like", detail: str = ""
) -> list[Reference]:
    """One liked and one disliked color per day, from day 1 on; `detail` as in `taste`."""
    details = [{"detail": word} for word in detail.split()] or [{}, {}]
    return [
        described_reference(color, action, day=day + 1, number=number, **words)
        for number, (colors, action, words) in enumerate(
            [(liked, like, details[0]), (disliked, "dislike", details[1])]
        )
        for day, color in enumerate(colors)
    ]


def words(taste: Taste, element: Element = Element.COLOR) -> tuple[list[str], list[str]]:
    return (
        [word.word for word in taste.preference[element]],
        [word.word for word in taste.non_preference[element]],
    )


def test_days_of_other_likes_and_dislikes_are_a_drift() -> None:
    later = days(["teal"] * 8, ["gold"] * 8)
    drifted = detect_drift([*STATED, *later], BEFORE)
    assert words(drifted) == (["teal"], ["gold"])


def test_an_element_without_other_evidence_keeps_its_words() -> None:
    later = days(["teal"] * 8, ["gold"] * 8, detail="plain rich")
    drifted = detect_drift([*STATED, *later], BEFORE)
    assert words(drifted) == (["teal"], ["gold"])
    assert words(drifted, Element.DETAIL) == (["plain"], ["rich"])


def test_random_variation_of_the_same_taste_is_no_drift() -> None:
    chance = ["teal", "lime", "gold", "pink"]
    later = days([*["red"] * 6, *chance], [*["blue"] * 4, *chance, "navy", "plum"])
    assert detect_drift([*STATED, *later], BEFORE) == BEFORE


@pytest.mark.parametrize("seed", range(10))
def test_random_clicks_are_no_drift(seed: int) -> None:
    clicked = random.Random(seed).choices(COLORS, k=20)
    later = days(clicked, (), like="click", detail="plain rich")
    assert detect_drift([*STATED, *later], BEFORE) == BEFORE


def test_many_clicks_are_a_drift_although_some_are_random() -> None:
    clicked = [*["teal"] * 14, "red", "lime", "gold", "pink", "navy", "plum"]
    later = days(clicked, (), like="click", detail="rich plain")
    assert words(detect_drift([*STATED, *later], BEFORE))[0] == ["teal"]
    assert detect_drift([*STATED, *later[::4]], BEFORE) == BEFORE


def test_a_side_without_later_references_keeps_its_words() -> None:
    later = days(["teal"] * 20, (), detail="intricate x")
    assert words(detect_drift([*STATED, *later], BEFORE)) == (["teal"], ["blue"])


def test_a_word_that_is_now_liked_is_no_longer_disliked() -> None:
    later = days(["blue"] * 20, (), detail="intricate x")
    assert words(detect_drift([*STATED, *later], BEFORE)) == (["blue"], [])


def test_a_drifted_element_may_have_two_words_per_side() -> None:
    later = days(["teal", "lime"] * 6, ["gold", "pink"] * 6)
    drifted = detect_drift([*STATED, *later], BEFORE)
    assert [sorted(side) for side in words(drifted)] == [["lime", "teal"], ["gold", "pink"]]


def test_a_rare_word_is_not_added_to_a_drifted_taste() -> None:
    later = days([*["teal"] * 8, "lime", "plum"], [*["gold"] * 8, "navy", "plum"])
    assert words(detect_drift([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_the_words_with_the_most_evidence_are_compared() -> None:
    many = [f"shade {n}" for n in range(MAX_COMPARED_WORDS * 2)]
    later = days([*many, *["teal"] * 12], [*many, *["gold"] * 12])
    assert words(detect_drift([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_fewer_references_than_the_minimum_are_no_drift() -> None:
    later = days(["teal"] * 5, ["gold"] * 5, detail="intricate moderate")[: MIN_REFERENCES - 1]
    assert detect_drift([*STATED, *later], BEFORE) == BEFORE
    later = days(["teal"] * 5, ["gold"] * 5, detail="intricate moderate")
    assert words(detect_drift([*STATED, *later], BEFORE)) == (["teal"], ["gold"])


def test_the_references_of_one_session_are_no_drift() -> None:
    both = [described_reference("teal", "reference_like", number=n) for n in range(10, 20)]
    assert detect_drift([*STATED, *both], BEFORE) == BEFORE


def test_age_and_order_of_arrival_do_not_matter() -> None:
    later = days(["teal"] * 8, ["gold"] * 8)
    drifted = detect_drift([*STATED, *later], BEFORE)
    aged = [r.model_copy(update={"occurred_at": r.occurred_at.replace(year=2036)}) for r in later]
    assert detect_drift([*aged[::-1], *STATED], BEFORE) == drifted


def test_references_without_descriptions_are_no_evidence() -> None:
    assert detect_drift([], BEFORE) == BEFORE
    later = days(["teal"] * 10, ["gold"] * 10)
    blank = [r.model_copy(update={"description": None}) for r in later]
    assert detect_drift([*STATED, *blank], BEFORE) == BEFORE
    assert detect_drift(blank, Taste()) == Taste()


def test_an_unknown_taste_can_become_known_by_drift() -> None:
    later = days(["teal"] * 10, ["gold"] * 10)
    drifted = detect_drift([*STATED[:1], *later], Taste())
    assert words(drifted) == (["teal"], ["gold"])
    unknown = [e for e in ELEMENTS if e not in (Element.COLOR, Element.DETAIL)]
    assert all(words(drifted, element) == ([], []) for element in unknown)


def test_another_form_of_the_stated_word_is_no_drift() -> None:
    assert detect_drift([*STATED, *days(["Reds"] * 8, ["blue"] * 8)], BEFORE) == BEFORE
