"""Words on different levels of a scale, and phrases with a modifier, are never near-synonyms."""

import pytest

from shared.domain.taste import Element
from shared.domain.word_forms import canonical
from shared.embedding.word_scales import (
    LEVELS,
    differing_parts,
    known_level,
    without_carriers,
)
from training.prefersim.values.vocabulary import VALUES


def test_each_listed_word_has_one_level() -> None:
    for element, levels in LEVELS.items():
        forms = [canonical(word) for level in levels for word in level]
        assert len(set(forms)) == len(forms)
        assert all(known_level(element, word) == n for n, ws in enumerate(levels) for word in ws)


@pytest.mark.parametrize("element", list(LEVELS))
def test_the_words_of_the_small_model_have_different_levels(element: Element) -> None:
    levels = [known_level(element, word) for word in VALUES[element]]
    assert levels == sorted({level for level in levels if level is not None})


def test_words_that_add_nothing_to_a_phrase_do_not_count() -> None:
    assert without_carriers(Element.MEDIUM, "Charcoal drawings") == "charcoal"
    assert without_carriers(Element.COLOR, "warm tones") == "warm"
    assert without_carriers(Element.ART_STYLE, "art") == "art"
    assert known_level(Element.SATURATION, "High Saturation") == known_level(
        Element.SATURATION, "vivid"
    )
    assert known_level(Element.SATURATION, "neon") is None
    assert known_level(Element.COLOR, "vivid") is None


def test_phrases_are_compared_by_the_words_that_differ() -> None:
    assert differing_parts("pencil drawing", "ink drawing") == ("pencil", "ink")
    assert differing_parts("dark blue", "blue") == ("dark", "")
