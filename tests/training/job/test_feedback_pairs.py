"""Champion and challenger are asked the same; controls know nobody, or somebody else."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from shared.domain.taste import ELEMENTS
from tests.training.job.models import DISLIKES, Known, brightness, heard
from training.gate.evidence import PairSet
from training.job.evidence.cases import HeardCase
from training.job.evidence.evidence_file import Models
from training.job.evidence.feedback_pairs import heard_pairs, in_turns
from training.job.plan import heard_scores
from training.rewards.prediction import Sides


def _pairs(
    models: Models,
    cases: list[HeardCase],
    *,
    controlled: int = 1_000,
    late: Callable[[], bool] = lambda: False,
) -> PairSet:
    return heard_pairs(
        models, cases, what="held-out", controlled=controlled, late=late,
        advance=lambda *told: None,
    )  # fmt: skip


def test_who_is_right_is_counted_pair_by_pair(tmp_path: Path) -> None:
    cases = [heard(tmp_path, f"u{n}", weight=1.0 + n) for n in range(4)]
    wrong = Known(turned=lambda image: brightness(image) > 0.5)
    found = _pairs(Models(champion=wrong, challenger=Known()), cases)
    assert found.challenger.tolist() == [1.0] * 4
    assert found.champion.tolist() != [1.0] * 4
    assert sorted(found.weights.tolist()) == [1.0, 2.0, 3.0, 4.0]
    assert found.controls["blind"].right.tolist() == [0.5] * 4
    assert (found.more["challenger_probability"] > 0.9).all()


def test_one_person_alone_has_nobody_elses_taste(tmp_path: Path) -> None:
    one = _pairs(Models(Known(), Known()), [heard(tmp_path, "u")])
    two = _pairs(Models(Known(), Known()), [heard(tmp_path, "u"), heard(tmp_path, "v")])
    assert ("another" in one.controls, "another" in two.controls) == (False, True)


def test_a_taste_that_kafka_has_lost_is_predicted_by_each_model(tmp_path: Path) -> None:
    cases = [heard(tmp_path, "u", profile=None), heard(tmp_path, "v")]
    found = _pairs(Models(Known(), Known()), cases)
    assert found.champion.tolist() == [1.0, 1.0]


def test_an_early_end_leaves_many_people_rather_than_few(tmp_path: Path) -> None:
    cases = [heard(tmp_path, f"u{n}") for n in range(20) for _ in range(5)]
    turns = iter([False, True])
    found = _pairs(Models(Known(), Known()), cases, late=lambda: next(turns))
    assert (found.pairs, found.user_count) == (16, 16)
    assert in_turns(cases) == in_turns(list(reversed(cases)))


def _different(folder: Path, number: int, *, people: int) -> list[HeardCase]:
    """Pairs that share no image, of people of whom everybody has a profile of their own."""
    return [
        heard(
            folder, f"u{n % people}", better=255 - n, worse=n,
            profile=Sides(dict.fromkeys(ELEMENTS, (f"bright {n % people}",)), DISLIKES),
        )
        for n in range(number)
    ]  # fmt: skip


def test_controls_are_asked_on_the_first_pairs_of_everybody(tmp_path: Path) -> None:
    cases = _different(tmp_path, 100, people=10)
    found = _pairs(Models(Known(), Known()), cases, controlled=35)
    assert found.pairs == 100
    for control in (found.controls["blind"], found.controls["another"]):
        assert control.places.tolist() == list(range(35))
        asked = Counter(found.users[control.places].tolist())
        assert (len(asked), max(asked.values()), min(asked.values())) == (10, 4, 3)
    assert _pairs(Models(Known(), Known()), cases, controlled=0).controls == {}


@pytest.mark.parametrize("controlled", [0, 20, 200])
def test_pairs_take_the_scores_that_the_plan_reckons_with(tmp_path: Path, controlled: int) -> None:
    cases = _different(tmp_path, 60, people=6)
    champion, challenger = Known(), Known()
    found = _pairs(Models(champion, challenger), cases, controlled=controlled)
    assert found.pairs == 60
    asked = champion.asked + challenger.asked
    assert asked == heard_scores(60, controlled=controlled)


def test_an_image_in_several_pairs_is_scored_once(tmp_path: Path) -> None:
    levels = [250, 200, 150, 100, 50, 0]
    cases = [heard(tmp_path, "u", better=a, worse=b) for a, b in pairwise(levels)]
    cases += [heard(tmp_path, "v", better=b, worse=a) for a, b in pairwise(levels)]
    champion, challenger = Known(), Known()
    found = _pairs(Models(champion, challenger), cases, controlled=0)
    assert (champion.asked, challenger.asked) == (6, 6)
    right = {int(u): found.champion[found.users == u].tolist() for u in (0, 1)}
    assert right == {0: [1.0] * 5, 1: [0.0] * 5}
