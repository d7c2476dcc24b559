"""Turn the results of the engines and of the quality into measurements with requirements."""

from collections.abc import Sequence
from typing import Final

from shared.jobs.benchmark_result import Measurement
from training.bench.catalog.embedded import NAME, WHOLE
from training.bench.catalog.quality import Quality
from training.bench.catalog.queries import FILTERS, LIMIT
from training.bench.catalog.timing import EngineResult
from training.retrieval.measure import BEST
from training.retrieval.strategies import SHORTLIST

SAME_RECALL: Final = 0.99
"""Recall from which an engine's time counts: a fast answer that misses images is no baseline."""
WITHIN: Final = 0.5
"""At most twice the time of the best engine."""
MAX_MEMORY_MB: Final = 2_000.0
MIN_RECALL: Final = 0.95
LIMITS_MS: Final = {20_000: (10.0, 30.0), 100_000: (30.0, 80.0)}
"""Median and 99th percentile of a query, by the number of images."""


def size_measures(results: Sequence[EngineResult]) -> list[Measurement]:
    """The measurements of one size; the first result is ours."""
    ours, others = results[0], results[1:]
    assert ours.engine == NAME
    images = f"{LIMIT} of {ours.images:,} images"
    p50, p99 = LIMITS_MS.get(ours.images, (None, None))
    measures = [
        _slowest(f"{images}, p50, slowest filter", ours.p50, at_most=p50),
        _slowest(f"{images}, p99, slowest filter", ours.p99, at_most=p99),
        Measurement(what=f"{images}, processor time", unit="ms", ours=ours.cpu_ms),
        Measurement(what=f"{images}, build", unit="s", ours=ours.build_seconds),
        Measurement(
            what=f"{images}, memory", unit="MB", ours=ours.memory_mb, at_most=MAX_MEMORY_MB
        ),
        Measurement(what=f"{images}, files", unit="MB", ours=ours.files_mb),
        *(
            Measurement(
                what=f"{images}, with the stored images, p50, filter {name}", unit="ms",
                ours=ours.p50[f"{WHOLE}, {name}"],
            )
            for name in FILTERS
        ),
    ]  # fmt: skip
    for name in FILTERS:
        measures += [_recall(ours, name), *_compared(ours, others, name)]
    return measures


def without_requirements(measures: Sequence[Measurement]) -> list[Measurement]:
    """The measurements of a catalog that is too small to require anything."""
    return [m.model_copy(update={"at_least": None, "at_most": None}) for m in measures]


def quality_measures(quality: Quality) -> list[Measurement]:
    """Recall of the shortlist, and the feeds against feeds from random lists."""
    recall, feeds = quality.recall, quality.feeds
    return [
        Measurement(
            what=f"recall@{SHORTLIST} of the model's best {BEST} of {quality.scored:,} drawings,"
            f" {recall}",
            unit="", ours=recall.value, baseline=1.0,
            baseline_is="the model's own order of the whole catalog",
            ratio=recall.value, at_least=MIN_RECALL,
        ),
        Measurement(
            what=f"NDCG@10 of feeds from {quality.catalog:,} drawings, difference"
            f" {feeds.difference}",
            unit="", ours=feeds.catalog.value, baseline=feeds.random.value,
            baseline_is=f"the same model on random lists of {LIMIT}; required is the lower end of"
            " the difference above 0",
            ratio=1 + feeds.difference.low / feeds.random.value, at_least=1.0,
        ),
        Measurement(
            what="NDCG@10 with the shortlist of another user", unit="", ours=feeds.other_user.value
        ),
    ]  # fmt: skip


def _slowest(what: str, by_filter: dict[str, float], *, at_most: float | None) -> Measurement:
    slowest = max(by_filter[name] for name in FILTERS)
    return Measurement(what=what, unit="ms", ours=slowest, at_most=at_most)


def _recall(ours: EngineResult, name: str) -> Measurement:
    return Measurement(
        what=f"{LIMIT} of {ours.images:,} images, recall, filter {name}",
        unit="", ours=ours.recall[name], baseline=1.0, baseline_is="comparing all images",
        ratio=ours.recall[name], at_least=SAME_RECALL,
    )  # fmt: skip


def _compared(ours: EngineResult, others: Sequence[EngineResult], name: str) -> list[Measurement]:
    """Our time against each engine; required only against those with the same recall."""
    return [
        Measurement(
            what=f"{LIMIT} of {ours.images:,} images, p50, filter {name}",
            unit="ms", ours=ours.p50[name], baseline=other.p50[name],
            baseline_is=f"{other.engine}: recall {other.recall[name]:.3f},"
            f" {other.memory_mb:.0f} MB, p99 {other.p99[name]:.1f} ms, {other.cpu_ms:.1f} ms of"
            f" processor time, built in {other.build_seconds:.0f} s; the ratio is its time by ours",
            ratio=other.p50[name] / ours.p50[name],
            at_least=WITHIN if other.recall[name] >= SAME_RECALL else None,
        )
        for other in others
    ]  # fmt: skip
