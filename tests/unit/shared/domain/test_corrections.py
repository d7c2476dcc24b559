"""Corrections override the predicted taste, element by element."""

import pytest

from shared.domain.corrections import CorrectedWord, Correction, apply_corrections
from shared.domain.taste import MAX_WORDS, Element, Taste, TasteSide, WeightedWord

COLOR = Element.COLOR


def side(*words: str, weight: float = 0.5) -> TasteSide:
    return TasteSide(color=tuple(WeightedWord(word=w, weight=weight, count=3) for w in words))


PREDICTED = Taste(preference=side("red", "green"), non_preference=side("blue"))


def correction(side_name: str = "preference", **fields: object) -> Correction:
    return Correction.model_validate({"side": side_name, "element": COLOR, **fields})


def words(taste: Taste) -> tuple[list[str], list[str]]:
    return [w.word for w in taste.preference.color], [w.word for w in taste.non_preference.color]


def test_without_corrections_the_taste_is_the_predicted_one() -> None:
    assert apply_corrections(PREDICTED, ()) is PREDICTED


def test_a_pinned_word_is_first_with_full_weight() -> None:
    taste = apply_corrections(PREDICTED, [correction(pinned=("gold",))])
    assert words(taste) == (["gold", "red", "green"], ["blue"])
    assert taste.preference.color[0] == WeightedWord(word="gold", weight=1.0, count=0)


def test_a_pinned_word_that_was_predicted_keeps_its_count_and_appears_once() -> None:
    taste = apply_corrections(PREDICTED, [correction(pinned=("Green",))])
    assert words(taste)[0] == ["Green", "red"]
    assert taste.preference.color[0].count == 3


def test_a_word_pinned_on_one_side_is_removed_from_the_other() -> None:
    assert words(apply_corrections(PREDICTED, [correction(pinned=("blue",))])) == (
        ["blue", "red", "green"],
        [],
    )


def test_a_vetoed_word_is_removed_in_any_case() -> None:
    assert words(apply_corrections(PREDICTED, [correction(vetoed=("RED",))]))[0] == ["green"]


def test_edited_words_replace_all_others_strongest_first() -> None:
    edited = (CorrectedWord(word="teal", weight=0.4), CorrectedWord(word="gold", weight=0.9))
    taste = apply_corrections(PREDICTED, [correction(edited=edited)])
    assert [(w.word, w.weight) for w in taste.preference.color] == [("gold", 0.9), ("teal", 0.4)]


def test_an_element_edited_to_an_empty_list_is_unknown() -> None:
    assert words(apply_corrections(PREDICTED, [correction(edited=())]))[0] == []


def test_a_pin_and_a_veto_after_an_edit_change_the_edited_words() -> None:
    edited = (CorrectedWord(word="teal"), CorrectedWord(word="gold"))
    combined = correction(edited=edited, pinned=("red",), vetoed=("gold",))
    assert words(apply_corrections(PREDICTED, [combined]))[0] == ["red", "teal"]


@pytest.mark.parametrize("count", [MAX_WORDS, MAX_WORDS - 1])
def test_the_number_of_words_is_bounded(count: int) -> None:
    pinned = tuple(f"w{n}" for n in range(count))
    taste = apply_corrections(PREDICTED, [correction(pinned=pinned)])
    assert len(taste.preference.color) == MAX_WORDS
    assert [w.word for w in taste.preference.color[:count]] == list(pinned)


def test_other_elements_do_not_change() -> None:
    taste = Taste(preference=TasteSide(detail=(WeightedWord(word="plain", weight=1),)))
    assert (
        apply_corrections(taste, [correction(pinned=("red",))]).preference.detail
        == taste.preference.detail
    )


def test_a_correction_counts_for_all_forms_of_its_word() -> None:
    predicted = Taste(preference=side("oil-painting", "pastels"))
    assert words(apply_corrections(predicted, [correction(vetoed=("Oil paintings",))]))[0] == [
        "pastels"
    ]
    assert words(apply_corrections(predicted, [correction(pinned=("pastel",))]))[0] == [
        "pastel",
        "oil-painting",
    ]
