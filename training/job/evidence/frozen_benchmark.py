"""Ask the models of a night the frozen benchmark: tastes predicted, and pairs against told ones.

The benchmark's people count all elements alike, whatever a version has learned of those it serves:
their totals are plain sums for every model, and what is asked is whether it still sees as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from shared.domain.element_weights import EQUAL
from shared.vlm.protocol import References
from training.gate.evidence import Pair, PairSet
from training.job.evidence.benchmark_items import Frozen, Item, Person
from training.job.evidence.evidence_file import Advance, Counted, Forms, Late, Models
from training.job.evidence.pair_scoring import Asked, Model, predict, rank

PEOPLE_AT_ONCE: Final = 16
ITEMS_AT_ONCE: Final = 32
PREDICTED, SWAPPED, KEPT = "predicted", "swapped", "kept"
T = TypeVar("T")


@dataclass(frozen=True)
class Benchmarked:
    """The benchmark by split, and whether answers stay when the references change their order."""

    splits: dict[str, PairSet]
    order: PairSet


@dataclass(frozen=True)
class _Asked:
    """One model, and what it has answered before."""

    model: Model
    known: dict[str, float]
    forms: Forms | None = None


def benchmark_pairs(
    models: Models, frozen: Frozen, *, people: int, items: int, counted: Counted,
    late: Callable[[str], Late], advance: Advance,
) -> Benchmarked:  # fmt: skip
    """At most `people` and `items` places of each set; early ends leave all sets evenly asked."""
    asked = {
        "champion": _Asked(
            models.champion, frozen.known(models.champion_version), counted.champion
        ),
        "challenger": _Asked(
            models.challenger, frozen.known(models.challenger_version), counted.challenger
        ),
    }
    if models.release is not None:
        asked["release"] = _Asked(models.release, frozen.known(models.release_version))
    rows: dict[str, list[Pair]] = defaultdict(list)
    order: list[Pair] = []
    _people(asked, frozen, people, rows, order, late=late("people"), advance=advance)
    _items(asked, frozen, items, rows, late=late("benchmark"), advance=advance)
    frozen.keep()
    return Benchmarked({name: PairSet.of(r) for name, r in rows.items()}, PairSet.of(order))


def _people(
    asked: dict[str, _Asked], frozen: Frozen, places: int, rows: dict[str, list[Pair]],
    order: list[Pair], *, late: Late, advance: Advance,
) -> None:  # fmt: skip
    """A taste is predicted from references, in either order, and the easy pair held against it."""
    done = 0
    for part in _batches(frozen.people(places), PEOPLE_AT_ONCE):
        if late():
            return
        for one in asked.values():
            _predicted(one, part)
        for person in part:
            name = person.item.name
            rows[person.item.split].append(_pair(asked, person.item, f"{PREDICTED}/{name}"))
            same = [
                float(one.known[f"{PREDICTED}/{name}"] == one.known[f"{SWAPPED}/{name}"])
                for one in (asked["champion"], asked["challenger"])
            ]
            order.append(Pair(name, *same))
        done += len(part)
        advance("benchmark, from references", done, places * len(rows))


def _predicted(one: _Asked, people: Sequence[Person]) -> None:
    for way in (PREDICTED, SWAPPED):
        new = [p for p in people if f"{way}/{p.item.name}" not in one.known]
        told = [p.references for p in new]
        if way == SWAPPED:
            told = [References(r.liked[::-1], r.disliked[::-1]) for r in told]
        found = predict(one.model, told)
        answers = rank(
            one.model,
            [Asked(taste, *p.item.pair) for (taste, _), p in zip(found, new, strict=True)],
            weights=EQUAL,
        )
        for person, answer, (_, kept) in zip(new, answers, found, strict=True):
            one.known[f"{way}/{person.item.name}"] = answer.right
            one.known[f"{KEPT}/{way}/{person.item.name}"] = float(kept)
        if one.forms is not None:
            one.forms.add(bool(one.known[f"{KEPT}/{way}/{p.item.name}"]) for p in people)


def _items(
    asked: dict[str, _Asked], frozen: Frozen, places: int, rows: dict[str, list[Pair]], *,
    late: Late, advance: Advance,
) -> None:  # fmt: skip
    """Pairs against the taste that the item states: two scores each, so that many can be asked."""
    done, of = 0, 8 * places
    for part in _batches(frozen.items(places), ITEMS_AT_ONCE):
        if late():
            return
        for one in asked.values():
            new = [item for item in part if item.name not in one.known]
            answers = rank(one.model, [Asked(item.told, *item.pair) for item in new], weights=EQUAL)
            one.known.update({i.name: a.right for i, a in zip(new, answers, strict=True)})
        for item in part:
            rows[item.split].append(_pair(asked, item, item.name))
        done += len(part)
        advance("benchmark", done, of)


def _pair(asked: dict[str, _Asked], item: Item, name: str) -> Pair:
    release = asked["release"].known[name] if "release" in asked else None
    return Pair(
        user=item.name,
        champion=asked["champion"].known[name],
        challenger=asked["challenger"].known[name],
        release=release,
    )


def _batches(everything: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(everything)
    while part := tuple(islice(rest, size)):
        yield part
