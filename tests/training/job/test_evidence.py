"""The benchmark is asked evenly and remembered, and answers are looked at for their format."""

from pathlib import Path

import pytest
from PIL import Image as Images

from tests.training.job.models import Known, heard
from training.evaluation.benchmark.reader import read_benchmark
from training.job.evidence.benchmark_items import Frozen
from training.job.evidence.evidence_file import (
    Counted,
    Models,
    count_descriptions,
    count_reasons,
)
from training.job.evidence.frozen_benchmark import Benchmarked, benchmark_pairs
from training.prefersim.benchmark import write_benchmark


def test_the_benchmark_is_that_of_the_files(tmp_path: Path) -> None:
    write_benchmark(tmp_path, level="hard", limit=1)
    written = {
        item.user: item.image_a if item.preferred == "A" else item.image_b
        for items in read_benchmark(tmp_path, references=8).splits.values()
        for item in items
    }
    drawn = {item.name: item.pair[0] for item in Frozen().items(1) if "hard/" in item.name}
    assert len(drawn) == len(written) == 4
    for user, file in written.items():
        name = user.rpartition("/")[2]
        assert drawn[f"hard/{name}"].tobytes() == Images.open(file).convert("RGB").tobytes()


def test_what_was_drawn_and_answered_is_kept(tmp_path: Path) -> None:
    frozen = Frozen.beside(tmp_path)
    first = list(frozen.items(1))
    assert len({(item.split, item.name) for item in first}) == 8
    again = list(Frozen.beside(tmp_path).items(2))
    assert [item.name for item in again[:8]] == [item.name for item in first]
    assert all(
        a.tobytes() == b.tobytes()
        for one, other in zip(first, again, strict=False)
        for a, b in zip(one.pair, other.pair, strict=True)
    )
    champion, challenger = Known(), Known()
    _benchmarked(Models(champion, challenger), frozen)
    asked = champion.asked, champion.predicted
    found = _benchmarked(
        Models(champion, Known(), challenger_version="next"), Frozen.beside(tmp_path)
    )
    assert (champion.asked, champion.predicted) == asked
    assert found.order.pairs == 4


def _benchmarked(models: Models, frozen: Frozen, counted: Counted | None = None) -> Benchmarked:
    return benchmark_pairs(
        models, frozen, people=1, items=1, counted=counted or Counted(),
        late=lambda part: lambda: False, advance=lambda *told: None,
    )  # fmt: skip


@pytest.mark.parametrize("with_release", [True, False])
def test_the_benchmark_is_asked_in_both_orders_of_the_references(with_release: bool) -> None:
    counted = Counted()
    models = Models(Known(), Known(problems=("no word",)), Known() if with_release else None)
    found = _benchmarked(models, Frozen(), counted)
    assert set(found.splits) == {"single_seen", "single_unseen", "multi_seen", "multi_unseen"}
    assert [pairs.pairs for pairs in found.splits.values()] == [3] * 4
    assert found.order.challenger.tolist() == [1.0] * 4  # these models look at one image each
    assert all(("release" in pairs.more) == with_release for pairs in found.splits.values())
    assert (counted.champion.answers, counted.champion.well_formed) == (8, 8)
    assert (counted.challenger.answers, counted.challenger.well_formed) == (8, 0)


def test_descriptions_fill_up_the_answers_that_are_looked_at(tmp_path: Path) -> None:
    counted, challenger = Counted(), Known()
    cases = [heard(tmp_path, f"u{n}", better=100 + n, worse=n) for n in range(90)]
    counted.challenger.add([True] * 150)
    count_descriptions(Models(Known(), challenger), cases, counted)
    assert counted.challenger.answers >= 200
    assert challenger.described == 64


def test_reasons_that_break_the_format_are_counted(tmp_path: Path) -> None:
    counted = Counted()
    cases = [heard(tmp_path, f"u{n}") for n in range(5)]
    count_reasons(
        Models(Known(), Known(problems=("cut off",))), cases, counted, most=3,
        late=lambda: False, advance=lambda *told: None,
    )  # fmt: skip
    assert (counted.champion.answers, counted.champion.well_formed) == (3, 3)
    assert (counted.challenger.answers, counted.challenger.well_formed) == (3, 0)
