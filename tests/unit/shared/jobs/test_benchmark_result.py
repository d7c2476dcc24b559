"""A benchmark result shows whether the required speed is reached."""

import pytest

from shared.jobs.benchmark_result import Measurement
from training.bench.model import RoundSpeeds, summary


@pytest.mark.parametrize(
    ("measure", "is_met"),
    [
        (Measurement(what="x", unit="/s", ours=10), True),
        (Measurement(what="x", unit="/s", ours=10, baseline=2, ratio=5.0, at_least=5.0), True),
        (Measurement(what="x", unit="/s", ours=10, baseline=2, ratio=4.9, at_least=5.0), False),
        (Measurement(what="x", unit="/s", ours=10, at_least=5.0), False),
        (Measurement(what="x", unit="s", ours=0.5, at_most=0.5), True),
        (Measurement(what="x", unit="s", ours=0.6, at_most=0.5), False),
    ],
)
def test_a_requirement_is_met_or_not(measure: Measurement, is_met: bool) -> None:
    assert measure.is_met is is_met


def test_a_ratio_compares_the_speeds_of_one_round() -> None:
    rounds = [
        RoundSpeeds(ours=100, generate=10, forward=50, predict_seconds=0.3),
        RoundSpeeds(ours=10, generate=1, forward=5, predict_seconds=3.0),
        RoundSpeeds(ours=90, generate=9, forward=45, predict_seconds=0.2),
    ]
    generate, forward, predict = summary(rounds, {"model": "x"}).measures
    assert (generate.ours, generate.baseline, generate.ratio) == (90, 9, 10)
    assert (forward.ratio, forward.at_least) == (2, None)
    assert (predict.ours, predict.ratio) == (0.3, None)
    assert generate.is_met
    assert predict.is_met
