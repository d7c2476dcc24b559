"""Champion and challenger score the same pairs; controls have no profile, or another user's."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from shared.domain.taste import ELEMENTS
from tests.training.job.models import DISLIKES, BrightnessModel, brightness, feedback_case
from training.gate.evidence import PairSet
from training.job.evidence.feedback_pairs import feedback_pairs, round_robin
from training.job.evidence.models import ComparedModels
from training.job.plan import feedback_scores
from training.job.scoring.feedback_cases import FeedbackCase
from training.rewards.prediction import Sides


def _models() -> ComparedModels:
    return ComparedModels(BrightnessModel(), BrightnessModel())


def _pairs(
    models: ComparedModels,
    cases: list[FeedbackCase],
    *,
    controlled: int = 1_000,
    is_late: Callable[[], bool] = lambda: False,
) -> PairSet:
    return feedback_pairs(
        models, cases, part="held-out", controlled=controlled, is_late=is_late,
        advance=lambda *progress: None,
    )  # fmt: skip


def test_results_of_both_models_are_recorded_by_pair(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}", weight=1.0 + n) for n in range(4)]
    wrong = BrightnessModel(inverted=lambda image: brightness(image) > 0.5)
    pairs = _pairs(ComparedModels(champion=wrong, challenger=BrightnessModel()), cases)
    assert pairs.challenger.tolist() == [1.0] * 4
    assert pairs.champion.tolist() == [0.5] * 4  # inverted, the bright image is as dark
    assert sorted(pairs.weights.tolist()) == [1.0, 2.0, 3.0, 4.0]
    assert pairs.controls["user_blind"].right.tolist() == [0.5] * 4
    assert (pairs.more["challenger_probability"] > 0.9).all()


def test_a_single_user_has_no_control_with_another_user(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, "u"), feedback_case(tmp_path, "v")]
    one, two = _pairs(_models(), cases[:1]), _pairs(_models(), cases)
    assert ("other_user" in one.controls, "other_user" in two.controls) == (False, True)


def test_a_missing_profile_is_predicted_by_each_model(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, "u", profile=None), feedback_case(tmp_path, "v")]
    pairs = _pairs(_models(), cases)
    assert pairs.champion.tolist() == [1.0, 1.0]


def test_an_early_end_leaves_many_users(tmp_path: Path) -> None:
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(20) for _ in range(5)]
    answers = iter([False, True])
    pairs = _pairs(_models(), cases, is_late=lambda: next(answers))
    assert (pairs.pairs, pairs.user_count) == (16, 16)
    assert round_robin(cases) == round_robin(list(reversed(cases)))


def _different(folder: Path, number: int, *, users: int) -> list[FeedbackCase]:
    """Pairs without a common image; each user has another profile."""
    return [
        feedback_case(
            folder, f"u{n % users}", better=255 - n, worse=n,
            profile=Sides(dict.fromkeys(ELEMENTS, (f"bright {n % users}",)), DISLIKES),
        )
        for n in range(number)
    ]  # fmt: skip


def test_controls_are_measured_on_the_first_pairs_of_every_user(tmp_path: Path) -> None:
    cases = _different(tmp_path, 100, users=10)
    pairs = _pairs(_models(), cases, controlled=35)
    assert pairs.pairs == 100
    for control in (pairs.controls["user_blind"], pairs.controls["other_user"]):
        assert control.places.tolist() == list(range(35))
        count = Counter(pairs.users[control.places].tolist())
        assert (len(count), max(count.values()), min(count.values())) == (10, 4, 3)
    assert _pairs(_models(), cases, controlled=0).controls == {}


@pytest.mark.parametrize("controlled", [0, 20, 200])
def test_pairs_take_as_many_scores_as_the_plan_expects(tmp_path: Path, controlled: int) -> None:
    cases = _different(tmp_path, 60, users=6)
    champion, challenger = BrightnessModel(), BrightnessModel()
    pairs = _pairs(ComparedModels(champion, challenger), cases, controlled=controlled)
    assert pairs.pairs == 60
    computed = champion.scored + challenger.scored
    assert computed == feedback_scores(60, controlled=controlled)


def test_an_image_in_several_pairs_is_scored_once(tmp_path: Path) -> None:
    levels = [250, 200, 150, 100, 50, 0]
    cases = [feedback_case(tmp_path, "u", better=a, worse=b) for a, b in pairwise(levels)]
    cases += [feedback_case(tmp_path, "v", better=b, worse=a) for a, b in pairwise(levels)]
    champion, challenger = BrightnessModel(), BrightnessModel()
    pairs = _pairs(ComparedModels(champion, challenger), cases, controlled=0)
    assert (champion.scored, challenger.scored) == (6, 6)
    right = {int(u): pairs.champion[pairs.users == u].tolist() for u in (0, 1)}
    assert right == {0: [1.0] * 5, 1: [0.0] * 5}
