"""Several predictions become one taste by vote; each weight is a share of the votes."""

import pytest

from shared.domain.taste import Element, Taste, TasteSide
from shared.prompting.prediction_voting import VoteWeight, taste_by_vote
from shared.vlm.protocol import PredictedTaste


def _predicted(likes: str = "", dislikes: str = "") -> PredictedTaste:
    def words(text: str) -> dict[Element, tuple[str, ...]]:
        return {Element.COLOR: tuple(text.split())}

    return PredictedTaste(words(likes), words(dislikes))


def test_a_words_weight_is_the_share_of_predictions_that_name_it() -> None:
    taste = taste_by_vote(
        [_predicted("red"), _predicted("red blue"), _predicted("blue"), _predicted("red")]
    )
    assert [(w.word, w.weight, w.count) for w in taste.preference.color] == [
        ("red", 0.75, 3),
        ("blue", 0.5, 2),
    ]


def test_a_word_on_both_sides_is_kept_on_the_side_with_more_votes() -> None:
    taste = taste_by_vote(
        [_predicted("red", "blue"), _predicted("red", "red"), _predicted("", "blue")]
    )
    assert [w.word for w in taste.preference.color] == ["red"]
    assert [w.word for w in taste.non_preference.color] == ["blue"]


def test_a_word_with_equal_votes_on_both_sides_is_dropped() -> None:
    taste = taste_by_vote([_predicted("red", "red")])
    assert taste == Taste()


def test_without_predictions_the_taste_is_unknown() -> None:
    assert taste_by_vote([]) == Taste()


def test_one_heavy_vote_wins_over_several_light_ones() -> None:
    predictions = [_predicted("red", "blue"), _predicted("blue", "red"), _predicted("blue", "red")]
    taste = taste_by_vote(predictions, [VoteWeight(3, 3), VoteWeight(1, 1), VoteWeight(1, 1)])
    assert [(w.word, w.weight, w.count) for w in taste.preference.color] == [("red", 0.6, 1)]
    assert [(w.word, w.weight, w.count) for w in taste.non_preference.color] == [("blue", 0.6, 1)]


def test_a_word_far_behind_the_strongest_is_left_out_as_chance() -> None:
    taste = taste_by_vote([_predicted("red")] * 6 + [_predicted("blue")] * 2 + [_predicted("teal")])
    assert [w.word for w in taste.preference.color] == ["red", "blue"]


def test_among_several_predictions_each_of_two_words_gets_half_a_vote() -> None:
    taste = taste_by_vote(
        [_predicted("red blue"), _predicted("red blue"), _predicted("teal"), _predicted("teal")]
    )
    assert [(w.word, w.weight) for w in taste.preference.color] == [
        ("teal", 0.5),
        ("blue", 0.5),
        ("red", 0.5),
    ]
    single = taste_by_vote([_predicted("red blue")])
    assert [(w.word, w.weight) for w in single.preference.color] == [("blue", 1.0), ("red", 1.0)]


def test_a_side_without_references_has_no_words() -> None:
    taste = taste_by_vote([_predicted("red", "blue")], [VoteWeight(preference=1, non_preference=0)])
    assert [w.word for w in taste.preference.color] == ["red"]
    assert taste.non_preference == TasteSide()


def test_every_prediction_needs_a_weight() -> None:
    with pytest.raises(ValueError, match="shorter"):
        taste_by_vote([_predicted("red"), _predicted("red")], [VoteWeight()])


def test_a_word_with_little_support_keeps_little_of_the_vote() -> None:
    predictions = [_predicted("red"), _predicted("blue teal")]
    supported = VoteWeight(1, 1, preference_support={Element.COLOR: {"blue": 0.1}})
    taste = taste_by_vote(predictions, [VoteWeight(1, 1), supported])
    assert [(w.word, w.weight) for w in taste.preference.color] == [("red", 0.5), ("teal", 0.5)]


def test_forms_of_one_word_vote_together_under_the_most_frequent_spelling() -> None:
    def predicted(word: str) -> PredictedTaste:
        return PredictedTaste({Element.MEDIUM: (word,)}, {})

    taste = taste_by_vote(
        [predicted(w) for w in ("oil painting", "Oil-Paintings", "oil painting", "charcoal")]
    )
    assert [(w.word, w.weight, w.count) for w in taste.preference.medium] == [
        ("oil painting", 0.75, 3),
        ("charcoal", 0.25, 1),
    ]


def test_forms_of_one_word_on_both_sides_are_one_word() -> None:
    likes, dislikes = {Element.COLOR: ("greys",)}, {Element.COLOR: ("gray",)}
    assert taste_by_vote([PredictedTaste(likes, dislikes)]) == Taste()
