"""Score the frozen benchmark with all models: with predicted profiles and with given ones.

The benchmark's users count all elements equally, whatever weights a version has learned from its
users: totals are plain sums for every model, and the result shows whether a model still sees and
scores as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.vlm.protocol import References
from training.gate.evidence import Pair, PairSet
from training.job.evidence.format_checks import FormatCounter, FormatCounters
from training.job.evidence.frozen_benchmark import (
    LEVELS,
    BenchmarkItem,
    BenchmarkUser,
    FrozenBenchmark,
)
from training.job.evidence.models import ComparedModels
from training.job.scoring.deadline import Advance, IsLate
from training.job.scoring.pair_scoring import ImagePair, Model, predict_tastes, rank_pairs
from training.prefersim.benchmark import SETS

USER_BATCH: Final = 16
ITEM_BATCH: Final = 32
PREDICTED, SWAPPED, WELL_FORMED = "predicted", "swapped", "kept"
"""Prefixes of stored answers: both orders of the references, and whether the format was kept."""
T = TypeVar("T")


@dataclass(frozen=True)
class BenchmarkPairs:
    """Pairs by split, and whether answers stay the same when references change their order."""

    splits: dict[str, PairSet]
    order: PairSet


@dataclass(frozen=True)
class _Scorer:
    """One model with its known answers."""

    model: Model
    answers: dict[str, float]
    formats: FormatCounter | None = None


def benchmark_pairs(
    models: ComparedModels, frozen: FrozenBenchmark, *, users: int, items: int,
    formats: FormatCounters, is_late: Callable[[str], IsLate], advance: Advance,
) -> BenchmarkPairs:  # fmt: skip
    """Score at most `users` users and `items` numbers of each set; all sets end evenly."""
    scorers = {
        "champion": _Scorer(
            models.champion, frozen.answers(models.champion_version), formats.champion
        ),
        "challenger": _Scorer(
            models.challenger, frozen.answers(models.challenger_version), formats.challenger
        ),
    }
    if models.release is not None:
        scorers["release"] = _Scorer(models.release, frozen.answers(models.release_version))
    rows: dict[str, list[Pair]] = defaultdict(list)
    order: list[Pair] = []
    _score_users(
        scorers, frozen, users, rows, order, is_late=is_late("predictions"), advance=advance
    )
    _score_items(scorers, frozen, items, rows, is_late=is_late("benchmark"), advance=advance)
    frozen.save()
    return BenchmarkPairs({name: PairSet.of(r) for name, r in rows.items()}, PairSet.of(order))


def _score_users(
    scorers: dict[str, _Scorer], frozen: FrozenBenchmark, count: int, rows: dict[str, list[Pair]],
    order: list[Pair], *, is_late: IsLate, advance: Advance,
) -> None:  # fmt: skip
    """Predict a profile from references in two orders, and score the easy pair with it."""
    done = 0
    for batch in _batches(frozen.users(count), USER_BATCH):
        if is_late():
            return
        for scorer in scorers.values():
            _predict_and_score(scorer, batch)
        for user in batch:
            name = user.item.name
            rows[user.item.split].append(_pair(scorers, user.item, f"{PREDICTED}/{name}"))
            same = [
                float(scorer.answers[f"{PREDICTED}/{name}"] == scorer.answers[f"{SWAPPED}/{name}"])
                for scorer in (scorers["champion"], scorers["challenger"])
            ]
            order.append(Pair(name, *same))
        done += len(batch)
        advance("predictions", done, count * len(SETS))


def _predict_and_score(scorer: _Scorer, users: Sequence[BenchmarkUser]) -> None:
    for way in (PREDICTED, SWAPPED):
        new = [user for user in users if f"{way}/{user.item.name}" not in scorer.answers]
        references = [user.references for user in new]
        if way == SWAPPED:
            references = [References(r.liked[::-1], r.disliked[::-1]) for r in references]
        predicted = predict_tastes(scorer.model, references)
        results = rank_pairs(
            scorer.model,
            [ImagePair(taste, *u.item.pair) for (taste, _), u in zip(predicted, new, strict=True)],
            weights=EQUAL_WEIGHTS,
        )
        problems: dict[str, tuple[str, ...]] = {}
        for user, result, (_, of_answer) in zip(new, results, predicted, strict=True):
            scorer.answers[f"{way}/{user.item.name}"] = result.right
            scorer.answers[f"{WELL_FORMED}/{way}/{user.item.name}"] = float(not of_answer)
            problems[user.item.name] = of_answer
        if scorer.formats is not None:
            # Of an answer of an earlier job it is known only whether it kept the format.
            earlier = {
                user.item.name: () if scorer.answers[f"{WELL_FORMED}/{way}/{user.item.name}"]
                else ("the format is not kept",)
                for user in users
            }  # fmt: skip
            scorer.formats.add("a profile of the benchmark", (earlier | problems).values())


def _score_items(
    scorers: dict[str, _Scorer], frozen: FrozenBenchmark, count: int, rows: dict[str, list[Pair]],
    *, is_late: IsLate, advance: Advance,
) -> None:  # fmt: skip
    """Score pairs with the item's own profile: only two scores each, so that many are possible."""
    done, total = 0, count * len(SETS) * len(LEVELS)
    for batch in _batches(frozen.items(count), ITEM_BATCH):
        if is_late():
            return
        for scorer in scorers.values():
            new = [item for item in batch if item.name not in scorer.answers]
            pairs = [ImagePair(item.profile, *item.pair) for item in new]
            results = rank_pairs(scorer.model, pairs, weights=EQUAL_WEIGHTS)
            scorer.answers.update(
                {item.name: result.right for item, result in zip(new, results, strict=True)}
            )
        for item in batch:
            rows[item.split].append(_pair(scorers, item, item.name))
        done += len(batch)
        advance("benchmark", done, total)


def _pair(scorers: dict[str, _Scorer], item: BenchmarkItem, name: str) -> Pair:
    release = scorers["release"].answers[name] if "release" in scorers else None
    return Pair(
        user=item.name,
        champion=scorers["champion"].answers[name],
        challenger=scorers["challenger"].answers[name],
        release=release,
    )


def _batches(values: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Parts of at most `size` values; the next item is drawn only when its batch starts."""
    rest = iter(values)
    while batch := tuple(islice(rest, size)):
        yield batch
