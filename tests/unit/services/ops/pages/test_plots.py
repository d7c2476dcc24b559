"""Plots of training curves and reliability: scales, order, and descriptions in words."""

from itertools import pairwise

import pytest

from services.ops.pages.models.reliability import (
    PLOT_LEFT,
    PLOT_SIZE,
    PLOT_TOP,
    reliabilities,
)
from services.ops.pages.training_jobs.training_curves import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    curve,
    running_mean,
    trainings,
)


def _points(points: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points.split())]


def test_a_curve_fills_the_plot_and_falls_with_the_loss() -> None:
    loss = curve("Loss", [(1, 3.0), (2, 2.0), (5, 1.0)])
    first, middle, last = _points(loss.points)
    assert (first, last) == ((LEFT, TOP), (RIGHT, BOTTOM))
    assert middle == (pytest.approx(112, abs=0.1), 60)
    assert (loss.low, loss.high, loss.mean) == ("1", "3", "")
    assert loss.label == "from 3 at step 1 to 1 at step 5"


def test_a_constant_metric_can_be_drawn() -> None:
    assert all(y == 60 for _, y in _points(curve("Loss", [(1, 0.0), (2, 0.0)]).points))


def test_a_running_mean_smooths_noise_and_keeps_the_ends() -> None:
    values = [float(n + 5 * (n % 2)) for n in range(40)]
    means = running_mean(values)
    assert (means[0], means[-1]) == (values[0], values[-1])
    before, after = ([abs(b - a) for a, b in pairwise(series)] for series in (values, means))
    assert max(after[3:-3]) < 3 < 4 <= max(before)
    assert curve("Loss", list(enumerate(values))).mean


def test_training_stages_show_their_metrics_in_a_fixed_order() -> None:
    rows = [{"step": n, "kl": 0.1, "reward": n / 9, "grad_norm": 1.0} for n in (1, 2, 3)]
    (stage,) = trainings({"grpo": rows, "sft": [{"step": 1, "loss": 2.0}]})
    assert (stage.title, stage.steps) == ("GRPO (reinforcement learning)", 3)
    assert [drawn.name for drawn in stage.curves] == [
        "Total reward",
        "KL divergence from the initial model",
    ]
    assert trainings({}) == ()


def test_a_calibrated_model_is_on_the_diagonal() -> None:
    bins = [{"pairs": 100, "confidence": 0.75, "right": 0.75}]
    bins += [{"pairs": 25, "confidence": 1.0, "right": 0.5}]
    (challenger,) = reliabilities({"calibrations": {"challenger": {"bins": bins, "error": 0.1}}})
    calibrated, overconfident = challenger.dots
    assert (calibrated.x, calibrated.y) == (PLOT_LEFT + PLOT_SIZE / 2, PLOT_TOP + PLOT_SIZE / 4)
    assert (overconfident.x, overconfident.y) == (PLOT_LEFT + PLOT_SIZE, PLOT_TOP + PLOT_SIZE / 2)
    assert calibrated.radius > overconfident.radius
    assert overconfident.label == "25 pairs: 100% confident, 50% correct"


@pytest.mark.parametrize(
    "findings", [{}, {"calibrations": {}}, {"calibrations": {"champion": {"bins": [], "error": 0}}}]
)
def test_a_report_without_probabilities_has_no_reliability_diagram(
    findings: dict[str, object],
) -> None:
    assert reliabilities(findings) == ()
