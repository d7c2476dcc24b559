"""Several predictions become one taste, with weights a person can check by counting."""

import pytest

from shared.domain.taste import Element
from shared.prompting.prediction_voting import Voice, groups, taste_by_vote
from shared.vlm.protocol import PredictedTaste


def _says(likes: str = "", dislikes: str = "") -> PredictedTaste:
    def words(text: str) -> dict[Element, tuple[str, ...]]:
        return {Element.COLOR: tuple(text.split())}

    return PredictedTaste(words(likes), words(dislikes))


def test_a_words_weight_is_the_share_of_predictions_that_name_it() -> None:
    taste = taste_by_vote([_says("red"), _says("red blue"), _says("blue"), _says("red")])
    assert [(w.word, w.weight, w.count) for w in taste.preference.color] == [
        ("red", 0.75, 3),
        ("blue", 0.5, 2),
    ]


def test_a_word_on_both_sides_stays_where_it_has_more_votes() -> None:
    taste = taste_by_vote([_says("red", "blue"), _says("red", "red"), _says("", "blue")])
    assert [w.word for w in taste.preference.color] == ["red"]
    assert [w.word for w in taste.non_preference.color] == ["blue"]


def test_a_tie_between_the_sides_is_neither() -> None:
    taste = taste_by_vote([_says("red", "red")])
    assert taste.is_unknown


def test_no_predictions_are_an_unknown_taste() -> None:
    assert taste_by_vote([]).is_unknown


def test_every_reference_is_looked_at_and_the_shorter_side_starts_over() -> None:
    assert groups("abcdefg", "xy", size=5) == [("abcde", "xy"), ("fg", "xy")]
    assert groups("ab", "", size=5) == [("ab", ())]
    assert groups("", "", size=5) == []


def test_a_louder_voice_wins_over_several_quiet_ones() -> None:
    said = [_says("red", "blue"), _says("blue", "red"), _says("blue", "red")]
    taste = taste_by_vote(said, [Voice(3, 3), Voice(1, 1), Voice(1, 1)])
    assert [(w.word, w.weight, w.count) for w in taste.preference.color] == [("red", 0.6, 1)]
    assert [(w.word, w.weight, w.count) for w in taste.non_preference.color] == [("blue", 0.6, 1)]


def test_a_word_far_behind_the_strongest_is_left_out_as_chance() -> None:
    taste = taste_by_vote([_says("red")] * 6 + [_says("blue")] * 2 + [_says("teal")])
    assert [w.word for w in taste.preference.color] == ["red", "blue"]


def test_of_several_predictions_one_that_names_two_words_gives_half_a_vote_to_each() -> None:
    taste = taste_by_vote([_says("red blue"), _says("red blue"), _says("teal"), _says("teal")])
    assert [(w.word, w.weight) for w in taste.preference.color] == [
        ("teal", 0.5),
        ("blue", 0.5),
        ("red", 0.5),
    ]
    alone = taste_by_vote([_says("red blue")])
    assert [(w.word, w.weight) for w in alone.preference.color] == [("blue", 1.0), ("red", 1.0)]


def test_a_side_without_references_has_no_words() -> None:
    taste = taste_by_vote([_says("red", "blue")], [Voice(likes=1, dislikes=0)])
    assert [w.word for w in taste.preference.color] == ["red"]
    assert taste.non_preference.is_unknown


def test_every_prediction_needs_a_voice() -> None:
    with pytest.raises(ValueError, match="shorter"):
        taste_by_vote([_says("red"), _says("red")], [Voice()])


def test_a_word_that_is_little_borne_out_has_little_of_the_voice() -> None:
    said = [_says("red"), _says("blue teal")]
    backed = Voice(1, 1, likes_backing={Element.COLOR: {"blue": 0.1}})
    taste = taste_by_vote(said, [Voice(1, 1), backed])
    assert [(w.word, w.weight) for w in taste.preference.color] == [("red", 0.5), ("teal", 0.5)]
