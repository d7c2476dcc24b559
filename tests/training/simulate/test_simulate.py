"""Simulated users click by appeal, and rankings are measured by it."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Taste, TasteSide
from shared.events import ProfileUpdated
from shared.events.types.profile import Evidence
from training.job.scoring.feedback_cases import taste_of
from training.prefersim.values.vocabulary import held_out
from training.rewards.prediction import Sides
from training.simulate.baselines import (
    ClickHistory,
    CollaborativeFiltering,
    Oracle,
    Popularity,
    RankingRequest,
    WordSimilarity,
    word_vectors,
)
from training.simulate.catalog import draw_catalog, reference_images
from training.simulate.loop import day as day_module
from training.simulate.loop.day import MissingProfile, Profiles, Visit, wait_for_profiles
from training.simulate.measure.metrics import RankedSlate, ndcg
from training.simulate.users import clicks, draw_users, explicit_feedback, viewed_ranks

RNG = np.random.default_rng


def test_users_are_the_same_for_a_seed_and_unlike_the_training_users() -> None:
    first, again = draw_users(40, seed=3), draw_users(60, seed=3)
    for user, same in zip(first, again, strict=False):
        assert user.name == same.name
        assert (user.taste.likes == same.taste.likes).all()
    assert sum(bool(held_out(user.taste.likes).all()) for user in first) > 5
    weights = np.array([user.weights for user in again])
    assert weights.sum(axis=1) == pytest.approx(1)
    assert weights.mean(axis=0)[list(ELEMENTS).index("color")] > 0.3  # not a fifth each


def test_liked_values_appeal_more_than_disliked_ones() -> None:
    for user in draw_users(20, seed=1):
        assert user.appeal(user.taste.likes).min() > user.appeal(user.taste.dislikes).max()
        assert user.appeal(user.taste.likes) == pytest.approx(1)


def test_clicks_follow_appeal_with_noise_and_views_start_at_the_first_rank() -> None:
    rng = RNG(0)
    rates = [clicks(rng, np.full(4_000, appeal)).mean() for appeal in (0.1, 0.62, 1.0)]
    assert rates == sorted(rates)
    assert 0.02 < rates[0] < 0.08
    assert rates[1] == pytest.approx(0.5, abs=0.03)
    depths = [viewed_ranks(rng, 20) for _ in range(4_000)]
    assert (min(depths), max(depths) <= 20) == (1, True)
    assert np.mean(depths) == pytest.approx((1 - 0.82**20) / 0.18, abs=0.25)
    assert viewed_ranks(rng, 0) == 0


def test_only_strong_opinions_get_explicit_feedback_and_only_at_its_rate() -> None:
    rng = RNG(1)
    appeal = np.repeat([0.1, 0.5, 0.95], 2_000)
    clicked = np.tile([True, False], 3_000)
    liked, disliked = explicit_feedback(rng, appeal, clicked, rate=1.0)
    assert not (liked & ~clicked).any()
    assert not (disliked & clicked).any()
    low, middle, high = (slice(n, n + 2_000) for n in (0, 2_000, 4_000))
    assert liked[high].sum() > 800 > 100 > liked[middle].sum() > liked[low].sum()
    assert disliked[low].sum() > 800 > 200 > disliked[middle].sum() > disliked[high].sum()
    half, none = (explicit_feedback(rng, appeal, clicked, rate=rate) for rate in (0.5, 0.0))
    assert half[0].sum() == pytest.approx(liked.sum() / 2, rel=0.15)
    assert not none[0].any()
    assert not none[1].any()


def test_a_day_ends_when_clicks_are_in_profiles_and_fails_if_they_never_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(day_module, "WAIT_SECONDS", 0.3)
    users = draw_users(2, seed=1)
    visits = [_visit(0, clicked=(3,)), _visit(1, clicked=())]
    before = {user.name: 1 for user in users}
    known = {user.name: _profile(user.name, version=1) for user in users}
    with pytest.raises(MissingProfile, match="dead letters"):
        asyncio.run(wait_for_profiles(users, visits, Profiles(known), before))
    known[users[0].name] = _profile(users[0].name, version=2)
    asyncio.run(wait_for_profiles(users, visits, Profiles(known), before))


def _visit(user: int, *, clicked: tuple[int, ...]) -> Visit:
    order = np.array([3, 4])
    return Visit(
        user,
        order,
        RankedSlate(order, 2, len(clicked)),
        (3, 4),
        clicked,
        Taste(),
        "nano",
        "complete",
    )


def _profile(name: str, *, version: int) -> ProfileUpdated:
    return ProfileUpdated(
        event_id=uuid4(),
        occurred_at=datetime(2026, 1, 31, tzinfo=UTC),
        user_id=name,
        profile_version=version,
        preference=TasteSide(),
        non_preference=TasteSide(),
        evidence=Evidence(liked=5, disliked=5),
        model_version="nano",
    )


def test_a_drift_changes_the_taste_only() -> None:
    (user,) = draw_users(1, seed=2)
    other = user.with_drift(RNG(4))
    assert (other.name, other.weights) == (user.name, user.weights)
    assert not np.array_equal(other.taste.likes, user.taste.likes)


def test_ndcg_is_one_for_the_best_order_and_less_for_any_other() -> None:
    appeal = RNG(1).random(30)
    candidates = RNG(2).permutation(30)[:15]
    best = candidates[np.argsort(-appeal[candidates])]
    assert ndcg(best, appeal) == pytest.approx(1)
    assert ndcg(best[::-1], appeal) < ndcg(candidates, appeal) < 1


class _Words:
    """Every word has its own direction: only equal words are similar."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.eye(len(texts))


def test_each_baseline_ranks_by_what_it_knows() -> None:
    catalog = draw_catalog(40, seed=1)
    (user,) = draw_users(1, seed=1)
    taste = taste_of(Sides(user.taste.like_words, user.taste.dislike_words))
    request = RankingRequest(user, np.arange(40), taste)
    appeal = user.appeal(catalog.shown)
    history = ClickHistory(3, 40)
    history.add(0, list(range(40)), [7])
    history.add(1, list(range(40)), [7])
    popular = Popularity(history, RNG(0)).rank(request)
    assert popular[0] == 7
    assert sorted(popular) == list(range(40))
    oracle = Oracle(catalog.shown, RNG(0)).rank(request)
    assert ndcg(oracle, appeal) == pytest.approx(1)
    vectors = word_vectors(_Words())
    similar = WordSimilarity(catalog, vectors, RNG(0)).rank(request)
    assert ndcg(similar, appeal) > ndcg(np.arange(40), appeal)
    unknown = RankingRequest(user, np.arange(40), Taste())
    assert sorted(WordSimilarity(catalog, vectors, RNG(0)).rank(unknown)) == list(range(40))


def test_collaborative_filtering_learns_which_users_click_alike() -> None:
    history = ClickHistory(20, 30)
    for number in range(20):
        own = range(15) if number % 2 else range(15, 30)
        history.add(number, list(range(30)), [n for n in own if (n + number) % 3])
    users = draw_users(20, seed=1)
    baseline = CollaborativeFiltering(history, {u.name: n for n, u in enumerate(users)}, RNG(0))
    request = RankingRequest(users[1], np.arange(30), Taste())
    assert sorted(baseline.rank(request)) == list(range(30))  # not fitted yet
    baseline.fit()
    assert set(baseline.rank(request)[:10]) <= set(range(15))


def test_references_show_the_taste_and_are_the_same_for_a_seed() -> None:
    (user,) = draw_users(1, seed=9)
    liked, disliked = reference_images(user, 3, seed=9)
    again, _ = reference_images(user, 3, seed=9)
    assert liked.uris == again.uris
    assert user.appeal(liked.shown).min() > user.appeal(disliked.shown).max()
