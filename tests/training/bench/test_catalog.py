"""The benchmark of the catalog: made images, right answers, and what is required of the results."""

from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors
from training.bench.catalog import embedded
from training.bench.catalog.__main__ import missing_engines
from training.bench.catalog.embedded import NAME, WHOLE
from training.bench.catalog.made_images import MadeImages, Sources, tags_of
from training.bench.catalog.measures import size_measures, without_requirements
from training.bench.catalog.queries import FILTERS, exact_answers, make_queries
from training.bench.catalog.timing import EngineResult, recall_by_filter
from training.prefersim.values.vocabulary import VALUES

RNG = np.random.default_rng(3)
WORDS = sum(len(VALUES[element]) for element in ELEMENTS)


def unit_rows(count: int, size: int) -> Vectors:
    rows = np.abs(RNG.normal(size=(count, size))).astype(np.float32)
    units: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


SOURCES = Sources(unit_rows(8, 12), unit_rows(WORDS, 6))
IMAGES = MadeImages(SOURCES, 700, seed=1)


def test_made_images_are_the_same_for_a_seed_and_all_different() -> None:
    again = MadeImages(SOURCES, 700, seed=1)
    rows = [row for batch in IMAGES.batches() for row in batch.image]
    np.testing.assert_array_equal(rows, [row for batch in again.batches() for row in batch.image])
    assert len(np.unique(np.array(rows), axis=0)) == 700
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_the_right_answers_follow_the_filter_and_leave_out_the_excluded_images() -> None:
    queries = make_queries(IMAGES, 2, seed=1)
    assert [query.filter for query in queries[:3]] == list(FILTERS)
    tags = [tags_of(rows, k) for rows in IMAGES.batches() for k in range(len(rows))]
    for query, answer in zip(queries, exact_answers(IMAGES, queries), strict=True):
        assert not {*answer.tolist()} & {*query.excluded.tolist()}
        if query.filter == "common tag":
            assert {tags[k][0] for k in answer.tolist()} == {f"common-{query.tag}"}
        combined = np.concatenate([IMAGES.combined(rows) for rows in IMAGES.batches()])
        scores = combined[answer] @ query.combined()
        assert (np.diff(scores) <= 1e-6).all()


async def test_the_embedded_engine_finds_every_right_image(tmp_path: Path) -> None:
    images = MadeImages(SOURCES, 120, seed=2)
    queries = make_queries(images, 1, seed=2)
    result = await embedded.measure(images, queries, tmp_path, pause_seconds=0.01)
    assert result.recall == dict.fromkeys(FILTERS, 1.0)
    assert result.memory_mb > 0
    assert f"{WHOLE}, none" in result.p50


def test_recall_counts_the_right_images() -> None:
    right = [np.array([1, 2, 3, 4]), np.array([], np.int64)]
    assert recall_by_filter([{1, 2, 9}, {5}], right, ["none", "rare tag"]) == {
        "none": 0.5, "rare tag": 1.0
    }  # fmt: skip


def result(engine: str, milliseconds: float, recall: float) -> EngineResult:
    times = {n: milliseconds for name in FILTERS for n in (name, f"{WHOLE}, {name}")}
    return EngineResult(
        engine=engine, images=20_000, build_seconds=1, memory_mb=100, p50=times, p99=times,
        cpu_ms=1, recall=dict.fromkeys(FILTERS, recall),
    )  # fmt: skip


def test_a_fast_engine_that_misses_images_is_shown_and_is_no_requirement() -> None:
    ours = result(NAME, 8.0, 1.0)
    measures = size_measures([ours, result("fast", 1.0, 0.6), result("exact", 5.0, 1.0)])
    compared = {m.baseline_is.split(":")[0]: m for m in measures if "the ratio is" in m.baseline_is}
    assert compared["fast"].is_met
    assert compared["fast"].ratio == pytest.approx(1 / 8)
    assert compared["exact"].is_met
    slow = size_measures([result(NAME, 11.0, 0.9), result("exact", 5.0, 1.0)])
    failed = [m.what for m in slow if not m.is_met]
    assert len(failed) == 7  # p50, and recall and ratio of the three filters
    assert all(m.is_met for m in without_requirements(slow))


def test_engines_that_are_not_installed_are_named() -> None:
    assert set(missing_engines()) <= {"faiss", "lancedb"}
