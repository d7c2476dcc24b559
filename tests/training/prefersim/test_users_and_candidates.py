"""Users, references, pairs and slates have the values that their level requires."""

import numpy as np
import pytest

from training.prefersim.users.candidates import (
    DECIDING,
    LIKED,
    NEUTRAL,
    easy_pair,
    hard_pair,
    pairs_by_word,
    relevance,
    slate,
)
from training.prefersim.users.true_answers import true_total
from training.prefersim.users.users import (
    HARD_REFERENCES,
    KINDS,
    Kind,
    User,
    draw_user,
    hard_references,
    references,
)
from training.prefersim.values.vocabulary import SIZES, held_out, words_of

USERS = 40


def users(kind: Kind) -> list[User]:
    rng = np.random.default_rng(9)
    return [draw_user(rng, kind) for _ in range(USERS)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_user_has_the_tastes_of_its_kind_and_no_value_twice(kind: Kind) -> None:
    for user in users(kind):
        rows = np.concatenate([user.likes, user.dislikes])
        assert len(user.likes) == len(user.dislikes) == (2 if kind.multi else 1)
        assert all(len(set(values)) == len(values) for values in rows.T)
        assert held_out(rows).all() if kind.unseen else not held_out(rows).any()


def test_one_style_and_color_combination_in_five_is_held_out() -> None:
    grid = np.stack(np.meshgrid(np.arange(SIZES[0]), np.arange(SIZES[1])), -1).reshape(-1, 2)
    assert 0.18 <= held_out(grid).mean() <= 0.22


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_one_or_two_of_eight_references_contradict_and_every_taste_occurs(kind: Kind) -> None:
    rng = np.random.default_rng(2)
    contradictions = set()
    for user in users(kind):
        shown = hard_references(rng, user.likes, user.dislikes)
        own = [(shown == taste).all(1).sum() for taste in user.likes]
        others = sum((shown == taste).all(1).sum() for taste in user.dislikes)
        assert len(shown) == HARD_REFERENCES == sum(own) + others
        assert min(own) >= 3
        contradictions.add(int(others))
    assert contradictions == {1, 2}


def test_two_tastes_have_equal_shares_of_the_references() -> None:
    user = users(Kind(multi=True))[0]
    shown = references(np.random.default_rng(0), user.likes, 6)
    assert [(shown == taste).all(1).sum() for taste in user.likes] == [3, 3]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_an_easy_pair_differs_in_every_element(kind: Kind) -> None:
    rng = np.random.default_rng(3)
    for user in users(kind):
        pair = easy_pair(rng, user)
        assert (pair.better != pair.worse).all()
        assert relevance(user, pair.better[None])[0] == 25
        assert relevance(user, pair.worse[None])[0] == 0


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_hard_pair_differs_in_one_element_and_the_better_has_the_higher_score(kind: Kind) -> None:
    rng = np.random.default_rng(4)
    elements = set()
    for user in users(kind) * 3:
        pair = hard_pair(rng, user, unseen=kind.unseen)
        assert np.flatnonzero(pair.better != pair.worse).tolist() == [pair.element]
        better, worse = relevance(user, np.stack([pair.better, pair.worse]))
        assert better > worse
        assert kind.unseen or not held_out(np.stack([pair.better, pair.worse])).any()
        elements.add(pair.element)
    assert elements == set(range(5))


@pytest.mark.parametrize(("multi", "pairs_of"), [(False, [2] * 5), (True, [2, 2, 2, 2, 1])])
def test_pairs_by_word_compare_a_liked_or_disliked_value_with_a_neutral_one(
    multi: bool, pairs_of: list[int]
) -> None:
    """Two tastes contain all four values of detail, so that none of them is neutral."""
    rng = np.random.default_rng(6)
    for user in users(Kind(multi=multi)):
        pairs = pairs_by_word(rng, user)
        differ = [np.flatnonzero(pair.better != pair.worse).tolist() for pair in pairs]
        assert differ == [[element] for element in range(5) for _ in range(pairs_of[element])]
        assert [[pair.element] for pair in pairs] == differ
        for pair in pairs:
            better, worse = relevance(user, np.stack([pair.better, pair.worse]))
            assert better > worse
        rows = [{tuple(pair.better), tuple(pair.worse)} for pair in pairs]
        (common,) = set.intersection(*rows)
        assert not held_out(np.array(list(set.union(*rows)))).any()
        named = (np.array(common) == np.concatenate([user.likes, user.dislikes])).any(0)
        assert named.tolist() == [count == 1 for count in pairs_of]


def test_hard_pairs_show_neutral_values_outside_the_taste() -> None:
    rng = np.random.default_rng(5)
    neutral = []
    for user in users(Kind()) * 3:
        pair = hard_pair(rng, user)
        named = np.concatenate([user.likes, user.dislikes])
        neutral.append(~(np.stack([pair.better, pair.worse])[:, None] == named).any(1))
    deciding = sum(NEUTRAL in kinds for kinds in DECIDING)
    assert deciding == 2
    assert LIKED in DECIDING[0]
    assert 0.2 <= np.mean(neutral) <= 0.4


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_relevance_of_a_slate_ranges_from_all_disliked_to_all_liked(kind: Kind) -> None:
    rng = np.random.default_rng(6)
    for user in users(kind)[:10]:
        rows = slate(rng, user, unseen=kind.unseen)
        graded = relevance(user, rows)
        assert rows.shape == (20, 5)
        assert (graded.min(), graded.max()) == (0, 25)
        assert len(set(graded)) >= 6
        likes, dislikes = user.like_words, user.dislike_words
        first = true_total(words_of(rows[0]), likes=likes, dislikes=dislikes)
        assert first == graded[0]
        assert kind.unseen or not held_out(rows).any()
