"""The benchmark is drawn and scored once and stored, and the format of answers is formats."""

from pathlib import Path

import pytest
from PIL import Image as Images

from tests.training.job.models import BrightnessModel, feedback_case
from training.evaluation.benchmark.reader import read_benchmark
from training.job.evidence.benchmark_scoring import BenchmarkPairs, benchmark_pairs
from training.job.evidence.format_checks import (
    FormatCounters,
    count_descriptions,
    count_rationales,
)
from training.job.evidence.frozen_benchmark import FrozenBenchmark
from training.job.evidence.models import ComparedModels
from training.prefersim.benchmark import write_benchmark


def test_the_items_are_those_of_the_benchmark_files(tmp_path: Path) -> None:
    write_benchmark(tmp_path, level="hard", limit=1)
    written = {
        item.user: item.image_a if item.preferred == "A" else item.image_b
        for items in read_benchmark(tmp_path, references=8).splits.values()
        for item in items
    }
    drawn = {item.name: item.pair[0] for item in FrozenBenchmark().items(1) if "hard/" in item.name}
    assert len(drawn) == len(written) == 4
    for user, file in written.items():
        name = user.rpartition("/")[2]
        assert drawn[f"hard/{name}"].tobytes() == Images.open(file).convert("RGB").tobytes()


def test_items_and_answers_are_stored(tmp_path: Path) -> None:
    frozen = FrozenBenchmark.next_to(tmp_path)
    first = list(frozen.items(1))
    assert len({(item.split, item.name) for item in first}) == 8
    again = list(FrozenBenchmark.next_to(tmp_path).items(2))
    assert [item.name for item in again[:8]] == [item.name for item in first]
    assert all(
        a.tobytes() == b.tobytes()
        for drawn, stored in zip(first, again, strict=False)
        for a, b in zip(drawn.pair, stored.pair, strict=True)
    )
    champion, challenger = BrightnessModel(), BrightnessModel()
    _score(ComparedModels(champion, challenger), frozen)
    calls = champion.scored, champion.predicted
    benchmark = _score(
        ComparedModels(champion, BrightnessModel(), challenger_version="next"),
        FrozenBenchmark.next_to(tmp_path),
    )
    assert (champion.scored, champion.predicted) == calls
    assert benchmark.order.pairs == 4


def _score(
    models: ComparedModels, frozen: FrozenBenchmark, formats: FormatCounters | None = None
) -> BenchmarkPairs:
    return benchmark_pairs(
        models, frozen, users=1, items=1, formats=formats or FormatCounters(),
        is_late=lambda part: lambda: False, advance=lambda *progress: None,
    )  # fmt: skip


@pytest.mark.parametrize("with_release", [True, False])
def test_the_benchmark_is_scored_with_both_orders_of_the_references(with_release: bool) -> None:
    formats = FormatCounters()
    models = ComparedModels(
        BrightnessModel(),
        BrightnessModel(problems=("no word",)),
        BrightnessModel() if with_release else None,
    )
    benchmark = _score(models, FrozenBenchmark(), formats)
    assert set(benchmark.splits) == {"single_seen", "single_unseen", "multi_seen", "multi_unseen"}
    assert [pairs.pairs for pairs in benchmark.splits.values()] == [3] * 4
    assert benchmark.order.challenger.tolist() == [1.0] * 4  # these models ignore references
    assert all(("release" in pairs.more) == with_release for pairs in benchmark.splits.values())
    assert (formats.champion.answers, formats.champion.well_formed) == (8, 8)
    assert (formats.challenger.answers, formats.challenger.well_formed) == (8, 0)


def test_descriptions_complete_the_checked_answers(tmp_path: Path) -> None:
    formats, challenger = FormatCounters(), BrightnessModel()
    cases = [feedback_case(tmp_path, f"u{n}", better=100 + n, worse=n) for n in range(90)]
    formats.challenger.add("an answer", [()] * 150)
    count_descriptions(ComparedModels(BrightnessModel(), challenger), cases, formats)
    assert formats.challenger.answers >= 200
    assert challenger.described == 64


def test_rationales_with_format_errors_are_counted(tmp_path: Path) -> None:
    formats = FormatCounters()
    cases = [feedback_case(tmp_path, f"u{n}") for n in range(5)]
    count_rationales(
        ComparedModels(BrightnessModel(), BrightnessModel(problems=("cut off",))), cases, formats,
        most=3, is_late=lambda: False, advance=lambda *progress: None,
    )  # fmt: skip
    assert (formats.champion.answers, formats.champion.well_formed) == (3, 3)
    assert (formats.challenger.answers, formats.challenger.well_formed) == (3, 0)
    assert formats.challenger.count().problems == {"a rationale: cut off": 3}
