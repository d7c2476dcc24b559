"""Curves and reliability as drawings: on their scales, in their order, and told in words."""

from itertools import pairwise

import pytest

from services.ops.pages.models.reliability import LEFT as WEST
from services.ops.pages.models.reliability import SIZE, reliabilities
from services.ops.pages.models.reliability import TOP as NORTH
from services.ops.pages.training_jobs.training_curves import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    curve,
    running_mean,
    trainings,
)


def _places(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (one.split(",") for one in points.split())]


def test_a_curve_goes_from_edge_to_edge_and_down_when_a_loss_falls() -> None:
    found = curve("Loss", [(1, 3.0), (2, 2.0), (5, 1.0)])
    first, middle, last = _places(found.points)
    assert (first, last) == ((LEFT, TOP), (RIGHT, BOTTOM))
    assert middle == (pytest.approx(112, abs=0.1), 60)
    assert (found.low, found.high, found.mean) == ("1", "3", "")
    assert found.told == "from 3 at step 1 to 1 at step 5"


def test_a_measure_that_never_moves_can_be_drawn() -> None:
    assert all(y == 60 for _, y in _places(curve("Loss", [(1, 0.0), (2, 0.0)]).points))


def test_noise_is_evened_out_and_the_ends_stay() -> None:
    values = [float(n + 5 * (n % 2)) for n in range(40)]
    found = running_mean(values)
    assert (found[0], found[-1]) == (values[0], values[-1])
    before, after = ([abs(b - a) for a, b in pairwise(of)] for of in (values, found))
    assert max(after[3:-3]) < 3 < 4 <= max(before)
    assert curve("Loss", list(enumerate(values))).mean


def test_trainings_show_what_they_measured_in_a_fixed_order() -> None:
    rows = [{"step": n, "kl": 0.1, "reward": n / 9, "grad_norm": 1.0} for n in (1, 2, 3)]
    (found,) = trainings({"grpo": rows, "sft": [{"step": 1, "loss": 2.0}]})
    assert (found.title, found.steps) == ("GRPO, by reward", 3)
    assert [one.name for one in found.curves] == [
        "Reward in all",
        "Distance from where it began (KL)",
    ]
    assert trainings({}) == ()


def test_a_model_that_is_as_sure_as_it_is_right_lies_on_the_diagonal() -> None:
    bins = [{"pairs": 100, "confidence": 0.75, "right": 0.75}]
    bins += [{"pairs": 25, "confidence": 1.0, "right": 0.5}]
    (found,) = reliabilities({"calibrations": {"challenger": {"bins": bins, "error": 0.1}}})
    ideal, boasting = found.dots
    assert (ideal.x, ideal.y) == (WEST + SIZE / 2, NORTH + SIZE / 4)
    assert (boasting.x, boasting.y) == (WEST + SIZE, NORTH + SIZE / 2)
    assert ideal.radius > boasting.radius
    assert boasting.told == "25 pairs: 100% sure, 50% right"


@pytest.mark.parametrize(
    "findings", [{}, {"calibrations": {}}, {"calibrations": {"champion": {"bins": [], "error": 0}}}]
)
def test_without_probabilities_there_is_no_reliability(findings: dict[str, object]) -> None:
    assert reliabilities(findings) == ()
