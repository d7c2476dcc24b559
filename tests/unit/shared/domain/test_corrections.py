"""What a person says of their taste stands, whatever a model predicts."""

import pytest

from shared.domain.corrections import CorrectedWord, Correction, corrected
from shared.domain.taste import MAX_WORDS, Element, Taste, TasteSide, WeightedWord

COLOR = Element.COLOR


def side(*words: str, weight: float = 0.5) -> TasteSide:
    return TasteSide(color=tuple(WeightedWord(word=w, weight=weight, count=3) for w in words))


PREDICTED = Taste(preference=side("red", "green"), non_preference=side("blue"))


def said(where: str = "preference", **fields: object) -> Correction:
    return Correction.model_validate({"side": where, "element": COLOR, **fields})


def words(taste: Taste) -> tuple[list[str], list[str]]:
    return [w.word for w in taste.preference.color], [w.word for w in taste.non_preference.color]


def test_a_taste_about_which_nothing_was_said_is_the_predicted_one() -> None:
    assert corrected(PREDICTED, ()) is PREDICTED


def test_a_pinned_word_stands_first_with_full_weight() -> None:
    taste = corrected(PREDICTED, [said(pinned=("gold",))])
    assert words(taste) == (["gold", "red", "green"], ["blue"])
    assert taste.preference.color[0] == WeightedWord(word="gold", weight=1.0, count=0)


def test_a_pinned_word_that_was_predicted_keeps_its_count_and_stands_once() -> None:
    taste = corrected(PREDICTED, [said(pinned=("Green",))])
    assert words(taste)[0] == ["Green", "red"]
    assert taste.preference.color[0].count == 3


def test_a_word_pinned_on_one_side_leaves_the_other() -> None:
    assert words(corrected(PREDICTED, [said(pinned=("blue",))])) == (["blue", "red", "green"], [])


def test_a_vetoed_word_is_gone_however_it_is_spelled() -> None:
    assert words(corrected(PREDICTED, [said(vetoed=("RED",))]))[0] == ["green"]


def test_edited_words_are_all_there_is_strongest_first() -> None:
    edited = (CorrectedWord(word="teal", weight=0.4), CorrectedWord(word="gold", weight=0.9))
    taste = corrected(PREDICTED, [said(edited=edited)])
    assert [(w.word, w.weight) for w in taste.preference.color] == [("gold", 0.9), ("teal", 0.4)]


def test_an_element_edited_to_nothing_is_unknown() -> None:
    assert words(corrected(PREDICTED, [said(edited=())]))[0] == []


def test_a_pin_and_a_veto_after_an_edit_change_what_was_edited() -> None:
    edited = (CorrectedWord(word="teal"), CorrectedWord(word="gold"))
    one = said(edited=edited, pinned=("red",), vetoed=("gold",))
    assert words(corrected(PREDICTED, [one]))[0] == ["red", "teal"]


@pytest.mark.parametrize("count", [MAX_WORDS, MAX_WORDS - 1])
def test_no_more_words_stand_than_a_taste_has_room_for(count: int) -> None:
    pinned = tuple(f"w{n}" for n in range(count))
    taste = corrected(PREDICTED, [said(pinned=pinned)])
    assert len(taste.preference.color) == MAX_WORDS
    assert [w.word for w in taste.preference.color[:count]] == list(pinned)


def test_other_elements_are_left_alone() -> None:
    taste = Taste(preference=TasteSide(detail=(WeightedWord(word="plain", weight=1),)))
    assert corrected(taste, [said(pinned=("red",))]).preference.detail == taste.preference.detail
