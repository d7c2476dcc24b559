"""Simulated people click by what they think, and rankings are measured by it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS, Taste, TasteSide
from shared.events import ProfileUpdated
from shared.events.types.profile import Evidence
from training.job.evidence.cases import taste_of
from training.prefersim.values.vocabulary import held_out
from training.rewards.prediction import Sides
from training.simulate import day
from training.simulate.baselines import Asked, Clicks, Collaborative, Oracle, Popularity, Similarity
from training.simulate.catalog import draw_catalogue, references_of
from training.simulate.day import NoProfile, Profiles, Visit, taken_in
from training.simulate.loop import OURS, Options, _claim
from training.simulate.merge_seeds import Unlike, measured, read
from training.simulate.metrics import Shown, coverage, diversity, ndcg
from training.simulate.plot import plot
from training.simulate.preference_drift import Shift
from training.simulate.results import together, verdict
from training.simulate.users import clicks, draw_images, draw_people, looked_at, says

RNG = np.random.default_rng


def test_people_are_the_same_for_a_seed_and_unlike_the_training() -> None:
    first, again = draw_people(40, seed=3), draw_people(60, seed=3)
    for one, other in zip(first, again, strict=False):
        assert one.name == other.name
        assert (one.taste.likes == other.taste.likes).all()
    assert sum(bool(held_out(person.taste.likes).all()) for person in first) > 5
    weights = np.array([person.weights for person in again])
    assert weights.sum(axis=1) == pytest.approx(1)
    assert weights.mean(axis=0)[list(ELEMENTS).index("color")] > 0.3  # not a fifth each


def test_what_is_liked_appeals_more_than_what_is_disliked() -> None:
    for person in draw_people(20, seed=1):
        assert person.appeal(person.taste.likes).min() > person.appeal(person.taste.dislikes).max()
        assert person.appeal(person.taste.likes) == pytest.approx(1)


def test_clicks_follow_appeal_with_noise_and_eyes_go_down_from_the_first_place() -> None:
    rng = RNG(0)
    rates = [clicks(rng, np.full(4_000, appeal)).mean() for appeal in (0.1, 0.62, 1.0)]
    assert rates == sorted(rates)
    assert 0.02 < rates[0] < 0.08
    assert rates[1] == pytest.approx(0.5, abs=0.03)
    depths = [looked_at(rng, 20) for _ in range(4_000)]
    assert (min(depths), max(depths) <= 20) == (1, True)
    assert np.mean(depths) == pytest.approx((1 - 0.82**20) / 0.18, abs=0.25)
    assert looked_at(rng, 0) == 0


def test_people_say_what_they_feel_strongly_and_only_if_they_are_outspoken() -> None:
    rng = RNG(1)
    appeal = np.repeat([0.1, 0.5, 0.95], 2_000)
    clicked = np.tile([True, False], 3_000)
    liked, disliked = says(rng, appeal, clicked, outspoken=1.0)
    assert not (liked & ~clicked).any()
    assert not (disliked & clicked).any()
    cold, cool, warm = (slice(n, n + 2_000) for n in (0, 2_000, 4_000))
    assert liked[warm].sum() > 800 > 100 > liked[cool].sum() > liked[cold].sum()
    assert disliked[cold].sum() > 800 > 200 > disliked[cool].sum() > disliked[warm].sum()
    often, silent = (says(rng, appeal, clicked, outspoken=share) for share in (0.5, 0.0))
    assert often[0].sum() == pytest.approx(liked.sum() / 2, rel=0.15)
    assert not silent[0].any()
    assert not silent[1].any()


def test_a_day_ends_when_clicks_are_in_profiles_and_says_so_where_they_never_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(day, "PATIENCE_SECONDS", 0.3)
    people = draw_people(2, seed=1)
    visits = [_visit(0, clicked=(3,)), _visit(1, clicked=())]
    before = {person.name: 1 for person in people}
    known = {person.name: _profile(person.name, version=1) for person in people}
    with pytest.raises(NoProfile, match="dead letters"):
        asyncio.run(taken_in(people, visits, Profiles(known), before))
    known[people[0].name] = _profile(people[0].name, version=2)
    asyncio.run(taken_in(people, visits, Profiles(known), before))


def _visit(person: int, *, clicked: tuple[int, ...]) -> Visit:
    order = np.array([3, 4])
    return Visit(
        person, order, Shown(order, 2, len(clicked)), (3, 4), clicked, Taste(), "nano", "complete"
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


def test_a_change_of_heart_changes_the_taste_alone() -> None:
    (person,) = draw_people(1, seed=2)
    other = person.shifted(RNG(4))
    assert (other.name, other.weights) == (person.name, person.weights)
    assert not np.array_equal(other.taste.likes, person.taste.likes)


def test_ndcg_is_one_for_the_best_order_and_less_for_any_other() -> None:
    appeal = RNG(1).random(30)
    candidates = RNG(2).permutation(30)[:15]
    best = candidates[np.argsort(-appeal[candidates])]
    assert ndcg(best, appeal) == pytest.approx(1)
    assert ndcg(best[::-1], appeal) < ndcg(candidates, appeal) < 1


def test_diversity_and_coverage_of_one_image_are_none() -> None:
    shown = draw_images(RNG(3), 30)
    same = np.zeros(10, np.int64)
    assert diversity(same, shown) == 0
    assert 0.5 < diversity(np.arange(10), shown) <= 1
    first = np.arange(20)
    assert coverage([first, first]) == 0.5
    assert coverage([first, first[::-1]]) == 1.0


class _Words:
    """One direction a word: likeness is identity."""

    def encode(self, texts: list[str]) -> np.ndarray:
        return np.eye(len(texts))


def test_each_arm_ranks_by_what_it_knows() -> None:
    from training.simulate.baselines import word_vectors

    catalogue = draw_catalogue(40, seed=1)
    (person,) = draw_people(1, seed=1)
    taste = taste_of(Sides(person.taste.like_words, person.taste.dislike_words))
    asked = Asked(person, np.arange(40), taste)
    appeal = person.appeal(catalogue.shown)
    told = Clicks(3, 40)
    told.add(0, list(range(40)), [7])
    told.add(1, list(range(40)), [7])
    popular = Popularity(told, RNG(0)).rank(asked)
    assert popular[0] == 7
    assert sorted(popular) == list(range(40))
    oracle = Oracle(catalogue.shown, RNG(0)).rank(asked)
    assert ndcg(oracle, appeal) == pytest.approx(1)
    similar = Similarity(catalogue, word_vectors(_Words()), RNG(0)).rank(asked)
    assert ndcg(similar, appeal) > ndcg(np.arange(40), appeal)
    unknown = Asked(person, np.arange(40), Taste())
    assert sorted(Similarity(catalogue, word_vectors(_Words()), RNG(0)).rank(unknown)) == list(
        range(40)
    )


def test_collaborative_filtering_learns_who_clicks_alike() -> None:
    told = Clicks(20, 30)
    for person in range(20):
        mine = range(15) if person % 2 else range(15, 30)
        told.add(person, list(range(30)), [n for n in mine if (n + person) % 3])
    people = draw_people(20, seed=1)
    arm = Collaborative(told, {p.name: n for n, p in enumerate(people)}, RNG(0))
    asked = Asked(people[1], np.arange(30), Taste())
    assert sorted(arm.rank(asked)) == list(range(30))  # nothing is fitted yet
    arm.fit()
    assert set(arm.rank(asked)[:10]) <= set(range(15))


def test_references_show_the_taste_and_are_the_same_again() -> None:
    (person,) = draw_people(1, seed=9)
    liked, disliked = references_of(person, 3, seed=9)
    again, _ = references_of(person, 3, seed=9)
    assert liked.addresses == again.addresses
    assert person.appeal(liked.shown).min() > person.appeal(disliked.shown).max()


def _day(ours: float, frozen: float) -> dict[str, object]:
    arm = {"ctr": 0.2, "diversity": 0.5, "coverage": 0.6, "people": 2}
    return {
        "arms": {OURS: {**arm, "ndcg": ours}, "frozen": {**arm, "ndcg": frozen}},
        "ndcg_by_person": {OURS: {"0": ours, "1": ours}, "frozen": {"0": frozen, "1": frozen}},
        "night": {"verdict": "kept", "code": "no_signal", "version": "", "reason": "chance"},
    }


def test_results_say_whether_the_feed_got_better() -> None:
    results = together({1: [_day(0.7, 0.7), _day(0.8, 0.7)], 2: [_day(0.7, 0.7), _day(0.82, 0.7)]})
    assert results["against_frozen"]["low"] > 0
    assert "better" in verdict(results)
    assert results["kept_of_the_first_day"] == {"diversity": 1.0, "coverage": 1.0}
    worse = together({1: [_day(0.7, 0.7), _day(0.6, 0.7)]})
    assert "no better that can be shown" in verdict(worse)
    drawn = plot(results)
    assert drawn.count("<polyline") == 2
    assert "ours" in drawn


def _people(changed: float, others: float) -> dict[str, object]:
    by_person = {"0": changed, "1": changed, "2": others, "3": others}
    return _day(others, others) | {"ndcg_by_person": {OURS: by_person, "frozen": by_person}}


def test_a_change_of_heart_is_followed_once_the_changed_stand_where_they_stood() -> None:
    days = [
        _people(*ndcg)
        for ndcg in ((0.9, 0.91), (0.9, 0.91), (0.6, 0.91), (0.8, 0.91), (0.89, 0.91))
    ]
    shift = Shift(2, {1: {0, 1}})
    found = together({1: days}, shift)["change_of_heart"]
    assert found["below_the_others"] == pytest.approx([0.01, 0.01, 0.31, 0.11, 0.02])
    assert found["followed_after_nights"] == 2
    assert "followed after 2 nights" in verdict(together({1: days}, shift))
    assert "not followed" in verdict(together({1: days[:4]}, shift))
    assert together({1: days[:2]}, shift)["change_of_heart"] is None


def test_seeds_simulated_apart_are_put_together_as_if_they_had_not_been(tmp_path: Path) -> None:
    options = Options(people=4, shift_after=1)
    by_seed = {seed: [_people(0.8, 0.9), _people(0.7, 0.95)] for seed in (1, 2)}
    files = []
    for seed, days in by_seed.items():
        files.append(tmp_path / f"{seed}.json")
        files[-1].write_text(json.dumps(measured(days, options, seed=seed)))
    found, told = read(files)
    assert told == options
    shift = options.shift([1, 2])
    assert json.dumps(together(found, shift)) == json.dumps(together(by_seed, shift))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"seed": 2, "options": {"people": 9}, "days": []}, "other options"),
        ({"seed": 1, "options": {}, "days": []}, "twice"),
        ({"seed": 2}, "is no measured.json"),
        ({"seed": 2, "options": {"peoples": 9}, "days": []}, "is no measured.json"),
    ],
)
def test_seeds_that_do_not_belong_together_are_refused(
    tmp_path: Path, other: dict[str, object], reason: str
) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    first.write_text(json.dumps({"seed": 1, "options": {}, "days": []}))
    second.write_text(json.dumps(other))
    with pytest.raises(Unlike, match=reason):
        read([first, second])


def test_the_same_people_change_for_a_seed_and_others_for_another() -> None:
    options = Options(people=100, shift_after=5)
    first = options.shift([1, 2])
    assert first == options.shift([1, 2])
    assert first is not None
    assert len(first.people[1]) == 30
    assert first.people[1] != first.people[2]
    assert Options().shift([1]) is None


def test_a_folder_of_another_simulation_is_refused(tmp_path: Path) -> None:
    _claim(tmp_path, Options(people=5), 1)
    _claim(tmp_path, Options(people=5, nights=20), 1)
    with pytest.raises(ValueError, match="other options"):
        _claim(tmp_path, Options(people=6), 1)
    assert json.loads((tmp_path / "options.json").read_text())["people"] == 5
