"""The scores of a picture's words follow the rule of the simulator and agree with each other."""

import itertools
from collections.abc import Mapping

import pytest

from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.prompting import rationale
from shared.vlm.pictures.shared_words import shared_taste
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.vocabulary import meaning, no_drawing_shows
from shared.vlm.pictures.word_scores import digit_probabilities, rationales, word_score
from shared.vlm.protocol import Scores
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.synonyms import SYNONYMS
from training.prefersim.values.vocabulary import VALUES


def taste(likes: dict[Element, str], dislikes: dict[Element, str]) -> Taste:
    def side(words: dict[Element, str]) -> TasteSide:
        return TasteSide.model_validate(
            {e.value: (WeightedWord(word=w, weight=1),) for e, w in words.items()}
        )

    return Taste(preference=side(likes), non_preference=side(dislikes))


def known(words: Mapping[Element, tuple[str, ...]]) -> dict[Element, tuple[str, ...]]:
    return {element: named for element, named in words.items() if named}


@pytest.mark.parametrize("element", [Element.COLOR, Element.SATURATION, Element.DETAIL])
def test_scores_are_those_of_the_simulated_users(element: Element) -> None:
    for value, liked, disliked in itertools.product(VALUES[element], repeat=3):
        if liked != disliked:
            true = score_element(element, value, likes=[liked], dislikes=[disliked])
            score = word_score(element, value, likes=[liked], dislikes=[disliked])
            assert (score.digit, score.relation) == (true.digit, true.relation)
            assert score.rationale == true.rationale


@pytest.mark.parametrize("element", [Element.COLOR, Element.SATURATION, Element.DETAIL])
def test_the_synonyms_are_those_that_nano_knows(element: Element) -> None:
    for words in SYNONYMS[element]:
        assert {meaning(element, word) for word in words} == {words[0]}


def test_an_element_that_the_picture_does_not_show_is_neither_liked_nor_disliked() -> None:
    score = word_score(Element.ART_STYLE, None, likes=["cubism"], dislikes=["mosaic"])
    assert (score.digit, score.relation) == (2, "unseen")


def test_a_photo_is_a_photograph() -> None:
    assert word_score(Element.MEDIUM, "photograph", likes=["Photos"], dislikes=[]).digit == 5


def test_digits_are_probabilities_whose_mode_is_the_digit_of_the_word() -> None:
    shown = ShownWords(
        {Element.COLOR: {"red": 0.6, "orange": 0.4}, Element.MEDIUM: {"photograph": 0.9}}
    )
    digits = digit_probabilities(shown, taste({Element.COLOR: "red"}, {Element.COLOR: "orange"}))
    for row in digits.values():
        assert len(row) == 6
        assert sum(row) == pytest.approx(1)
    scores = Scores(digits)
    assert [scores.mode(e) for e in ELEMENTS] == [2, 5, 2, 2, 2]
    assert scores.expected(Element.COLOR) < 5 * 0.7


def test_every_rationale_agrees_with_its_digit() -> None:
    shown = ShownWords(
        {
            Element.COLOR: {"blue": 1.0},
            Element.SATURATION: {"soft": 0.7, "muted": 0.3},
            Element.DETAIL: {"rich": 1.0},
            Element.MEDIUM: {"photograph": 0.9},
        }
    )
    liked = taste(
        {Element.COLOR: "blue", Element.SATURATION: "muted"},
        {Element.SATURATION: "vivid", Element.MEDIUM: "photograph"},
    )
    scores = Scores(digit_probabilities(shown, liked))
    digits = {element: scores.mode(element) for element in ELEMENTS}
    explained = rationales(shown, liked, digits)
    assert set(explained) == set(ELEMENTS)
    assert all(rationale.agrees(text, digits[e]) for e, text in explained.items())
    assert explained[Element.SATURATION] == "soft is closer to muted, which is liked"


def test_words_that_a_side_shares_are_predicted_and_others_are_unknown() -> None:
    birds = [{Element.MEDIUM: ("photograph",), Element.COLOR: (color,)} for color in "abcde"]
    clip_art = [{Element.MEDIUM: ("vector art",), Element.COLOR: ("red",)} for _ in range(5)]
    predicted = shared_taste(birds, clip_art)
    assert known(predicted.preference) == {Element.MEDIUM: ("photograph",)}
    assert known(predicted.non_preference) == {
        Element.MEDIUM: ("vector art",),
        Element.COLOR: ("red",),
    }


def test_one_reference_is_predicted_by_its_own_words_and_none_by_no_words() -> None:
    predicted = shared_taste([{Element.COLOR: ("teal",)}], [])
    assert known(predicted.preference) == {Element.COLOR: ("teal",)}
    assert known(predicted.non_preference) == {}
    assert set(predicted.preference) == set(predicted.non_preference) == set(ELEMENTS)


def test_only_mediums_of_real_pictures_are_hidden_from_nano() -> None:
    assert no_drawing_shows(Element.MEDIUM, "Photographs")
    assert not no_drawing_shows(Element.MEDIUM, "oil painting")
    assert not no_drawing_shows(Element.MEDIUM, "digital")
    assert not no_drawing_shows(Element.ART_STYLE, "photograph")
