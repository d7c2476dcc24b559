"""Forms of one word are equal; answers without a word are recognized."""

import pytest

from shared.domain.word_forms import Spellings, canonical, is_unknown
from training.nano.model.vocabulary import WORDS
from training.prefersim.values.vocabulary import VALUES

SAME = [
    ("oil painting", "Oil-Paintings", "oil  paintings", "OIL_PAINTING"),
    ("watercolor", "watercolours", "Watercolor"),
    ("gray", "grey", "Greys"),
    ("brush", "brushes"),
    ("berry", "berries"),
    ("black and white", "black-and-white", "Black\u2013and\u2013White"),
]
DIFFERENT = [("glass", "glasses of wine"), ("red", "reddish"), ("op art", "pop art")]


@pytest.mark.parametrize("forms", SAME)
def test_case_hyphens_plural_and_spelling_do_not_count(forms: tuple[str, ...]) -> None:
    assert len({canonical(form) for form in forms}) == 1


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_other_words_stay_apart(first: str, second: str) -> None:
    assert canonical(first) != canonical(second)


def test_no_two_words_of_the_simulator_are_forms_of_one_word() -> None:
    words = {word for values in VALUES.values() for word in values}
    assert len({canonical(word) for word in words}) == len(words)
    known = {word for word in WORDS if isinstance(word, str)}
    assert len({canonical(word) for word in known}) == len(known)


@pytest.mark.parametrize(
    "answer",
    ["any", "Any style", "None", "N/A", "na", "not clear", "Unclear.", "unknown", "not specified",
     "no clear preference", "cannot tell", "-", "?"],
)  # fmt: skip
def test_answers_without_a_word_are_recognized(answer: str) -> None:
    assert is_unknown(answer)


@pytest.mark.parametrize(
    "word", ["blue", "nautical", "anything goes", "clear", "known faces", "nave"]
)
def test_words_are_not_taken_for_unknown(word: str) -> None:
    assert not is_unknown(word)


def test_the_most_frequent_spelling_stands_for_all_forms() -> None:
    spellings = Spellings(["oil-painting", "oil paintings", "oil paintings", "pastel"])
    assert spellings.of("Oil painting") == "oil paintings"
    assert spellings.of("pastels") == "pastel"
    assert spellings.of("charcoal") == "charcoal"
    assert spellings.all_of(["oil painting", "oil-painting", "charcoal"]) == (
        "oil paintings",
        "charcoal",
    )


def test_a_preferred_spelling_wins() -> None:
    assert Spellings(["pastels", "pastels"], preferred=["pastel"]).of("pastels") == "pastel"
