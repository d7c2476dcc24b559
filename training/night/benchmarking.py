"""Ask two models the frozen benchmark, whole: a taste from references, then images against it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.taste import Taste
from shared.vlm.protocol import References
from training.gate.evidence import Pair, PairSet
from training.night import benchmark
from training.night.asking import Answer, Asked, Model, predict, rank
from training.night.evidence import Advance, Counted, Late, Models
from training.prefersim.users import KINDS

PEOPLE_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Benchmarked:
    """The benchmark by split, and whether answers stay when the references change their order."""

    splits: dict[str, PairSet]
    order: PairSet


def benchmark_pairs(
    models: Models, *, a_split: int, counted: Counted, late: Late, advance: Advance
) -> Benchmarked:
    """Whole as a person meets it: a taste predicted from references, then images against it."""
    rows: dict[str, list[Pair]] = defaultdict(list)
    order: list[Pair] = []
    waiting: list[benchmark.Person] = []
    total, done = a_split * len(KINDS), 0
    for person in benchmark.people(a_split):
        waiting.append(person)
        if len(waiting) < PEOPLE_AT_ONCE and done + len(waiting) < total:
            continue
        if late():
            break
        _ask_people(models, waiting, rows, order, counted)
        done += len(waiting)
        advance("benchmark", done, total)
        waiting = []
    return Benchmarked({name: PairSet.of(r) for name, r in rows.items()}, PairSet.of(order))


def _ask_people(
    models: Models,
    people: Sequence[benchmark.Person],
    rows: dict[str, list[Pair]],
    order: list[Pair],
    counted: Counted,
) -> None:
    told = [person.references for person in people]
    swapped = [References(r.liked[::-1], r.disliked[::-1]) for r in told]
    answers = {}
    for name, model, forms in (
        ("champion", models.champion, counted.champion),
        ("challenger", models.challenger, counted.challenger),
    ):
        for way, references in (("", told), ("swapped", swapped)):
            predicted = predict(model, references)
            forms.add(kept for _, kept in predicted)
            answers[name + way] = _of_people(model, [taste for taste, _ in predicted], people)
    if models.release is not None:
        predicted = predict(models.release, told)
        answers["release"] = _of_people(models.release, [t for t, _ in predicted], people)
    names = [(person.split, person.name) for person in people for _ in person.pairs]
    for at, (split, user) in enumerate(names):
        of = {name: found[at].right for name, found in answers.items()}
        rows[split].append(Pair(user, of["champion"], of["challenger"], release=of.get("release")))
        same = [float(of[name] == of[f"{name}swapped"]) for name in ("champion", "challenger")]
        order.append(Pair(user, *same))


def _of_people(
    model: Model, tastes: Sequence[Taste], people: Sequence[benchmark.Person]
) -> list[Answer]:
    return rank(
        model,
        [
            Asked(taste, *pair)
            for taste, person in zip(tastes, people, strict=True)
            for pair in person.pairs
        ],
    )
