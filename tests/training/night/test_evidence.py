"""Champion and challenger are asked the same; controls know nobody, or somebody else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.night.models import Known, brightness, heard
from training.gate.evidence import PairSet
from training.night.benchmark import people
from training.night.benchmarking import benchmark_pairs
from training.night.cases import HeardCase
from training.night.evidence import (
    Counted,
    Models,
    count_reasons,
    heard_pairs,
    in_turns,
)


def _pairs(
    models: Models, cases: list[HeardCase], late: Callable[[], bool] = lambda: False
) -> PairSet:
    return heard_pairs(models, cases, what="held-out", late=late, advance=lambda *told: None)


def test_who_is_right_is_counted_pair_by_pair(tmp_path: Path) -> None:
    cases = [heard(tmp_path, f"u{n}", weight=1.0 + n) for n in range(4)]
    wrong = Known(turned=lambda image: brightness(image) > 0.5)
    found = _pairs(Models(champion=wrong, challenger=Known()), cases)
    assert found.challenger.tolist() == [1.0] * 4
    assert found.champion.tolist() != [1.0] * 4
    assert sorted(found.weights.tolist()) == [1.0, 2.0, 3.0, 4.0]
    assert found.more["blind"].tolist() == [0.5] * 4
    assert (found.more["challenger_probability"] > 0.9).all()


def test_one_person_alone_has_nobody_elses_taste(tmp_path: Path) -> None:
    one = _pairs(Models(Known(), Known()), [heard(tmp_path, "u")])
    two = _pairs(Models(Known(), Known()), [heard(tmp_path, "u"), heard(tmp_path, "v")])
    assert ("another" in one.more, "another" in two.more) == (False, True)


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


def test_the_benchmark_is_the_same_every_night_and_has_all_splits() -> None:
    first, again = list(people(1)), list(people(2))
    assert [person.name for person in first] == [person.name for person in again[:4]]
    assert len({person.split for person in first}) == 4
    assert all(
        a.tobytes() == b.tobytes()
        for one, other in zip(first, again, strict=False)
        for a, b in zip(one.pairs[0], other.pairs[0], strict=True)
    )


@pytest.mark.parametrize("with_release", [True, False])
def test_the_benchmark_is_asked_in_both_orders_of_the_references(with_release: bool) -> None:
    counted = Counted()
    models = Models(Known(), Known(problems=("no word",)), Known() if with_release else None)
    found = benchmark_pairs(
        models, a_split=1, counted=counted, late=lambda: False, advance=lambda *told: None
    )
    assert set(found.splits) == {"single_seen", "single_unseen", "multi_seen", "multi_unseen"}
    assert found.order.challenger.tolist() == [1.0] * 20  # these models look at one image each
    assert all(("release" in pairs.more) == with_release for pairs in found.splits.values())
    assert (counted.champion.answers, counted.champion.well_formed) == (8, 8)
    assert (counted.challenger.answers, counted.challenger.well_formed) == (8, 0)


def test_reasons_that_break_the_format_are_counted(tmp_path: Path) -> None:
    counted = Counted()
    cases = [heard(tmp_path, f"u{n}") for n in range(5)]
    count_reasons(
        Models(Known(), Known(problems=("cut off",))), cases, counted, most=3,
        late=lambda: False, advance=lambda *told: None,
    )  # fmt: skip
    assert (counted.champion.answers, counted.champion.well_formed) == (3, 3)
    assert (counted.challenger.answers, counted.challenger.well_formed) == (3, 0)
