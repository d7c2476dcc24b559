"""Write what SFT imitates: the champion's own scores where they agree with a click, with reasons.

Rejection sampling: of a pair the champion's digits are drawn several times, as it means them, and
one drawing that puts the preferred image first is kept. Totals are weighed by how much each element
counts to these people (`element_weights`), which is learned first: else a pair that the champion
gets wrong for not knowing it would be brought to agree by digits that are wrong. A pair that hardly
any drawing agrees with is left out: the click is then more likely to be noise than the champion is
to be that wrong.
Reasons are the champion's for those digits, and kept when every one agrees with its digit.
Simulated people stand beside, for every task: one that is left out is forgotten (training/LOG.md).
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shared import prompt
from shared.element_weights import ElementWeights
from shared.taste import ELEMENTS, Element
from shared.vlm.protocol import Candidate, Scored, Scores
from training.night.asking import SCORED_AT_ONCE, Model
from training.night.cases import HeardCase
from training.night.element_weights import Learned, learn
from training.rewards.prediction import Sides
from training.tuning.cases import Case
from training.tuning.simulated import TASKS, Task, draw_cases, examples

DRAWINGS: Final = 16
"""Of a pair: enough to find agreement where the champion gives it one chance in five."""
LEAST_AGREEING: Final = 2
"""Drawings of 16 that must agree with the click."""
EXPLAINED: Final = 0.12
"""Share of the kept pairs that reasons are written for: they cost a hundred scores each."""
SIMULATED_PEOPLE: Final = 60
"""At least; more with more clicks, see `simulated_people`."""
EXPLAINED_AT_ONCE: Final = 16
CHEAP_TASKS: Final[tuple[Task, ...]] = ("describe", "score")
ALL_TASKS_EVERY: Final = 4
"""Simulated people from one with every task to the next: a prediction's ten images and five reasons
take as long to learn from as twenty scores, and must only not be forgotten."""
Digits = dict[Element, int]
Line = dict[str, Any]
Rng = np.random.Generator


@dataclass(frozen=True)
class Written:
    """What became of the pairs."""

    pairs: int
    kept: int
    disbelieved: int
    """Pairs that the champion could not be brought to agree with."""
    without_taste: int
    explained: int
    simulated: int
    learned: Learned

    @property
    def told(self) -> str:
        return (
            f"{self.learned.told}; {self.kept} of {self.pairs} pairs agree with the champion often"
            f" enough to be imitated, {self.explained} of them with reasons; {self.simulated}"
            " simulated examples"
        )


def write_examples(
    file: Path,
    cases: Sequence[HeardCase],
    champion: Model,
    *,
    seed: int,
    most_pairs: int,
    advance: Callable[[int, int], None],
    late: Callable[[], bool],
    late_to_explain: Callable[[], bool] = lambda: False,
) -> Written:
    """Examples in JSON lines, images named from the file's folder; complete or not at all.

    When `late` says so, the pairs that are left are not asked about; reasons end when
    `late_to_explain` says so.
    """
    rng = np.random.default_rng((seed, 0x51F7))
    usable = [case for case in cases if case.taste is not None]
    chosen = _by_weight(usable, most=most_pairs, rng=rng)
    scored = _scored(champion, chosen, late=late, advance=advance)
    learned = _learned(scored, champion.element_weights)
    agreed = [found for one in scored if (found := _drawn(one, learned.weights, rng)) is not None]
    lines: list[Line] = [line for one in agreed for line in one.score_lines(file.parent)]
    wanted = [one for one in agreed if rng.random() < EXPLAINED]
    told: list[Line] = []
    for at in range(0, len(wanted), EXPLAINED_AT_ONCE):
        if late_to_explain():
            break
        told += _explained(champion, wanted[at : at + EXPLAINED_AT_ONCE], file.parent)
    people = simulated_people(len(agreed))
    simulated = list(_simulated(people, file.parent, seed=seed, rng=rng))
    partial = file.with_suffix(".partial")
    text = "".join(
        json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines, *told, *simulated]
    )
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
    return Written(
        pairs=len(scored),
        kept=len(agreed),
        disbelieved=len(scored) - len(agreed),
        without_taste=len(cases) - len(usable),
        explained=len(told),
        simulated=len(simulated),
        learned=learned,
    )


def simulated_people(kept: int) -> int:
    """A third as many as kept pairs, so that what the release could do makes up a third."""
    return max(SIMULATED_PEOPLE, kept // 3)


@dataclass(frozen=True)
class _Agreed:
    case: HeardCase
    better: Digits
    worse: Digits

    def score_lines(self, folder: Path) -> Iterator[Line]:
        for image, digits in ((self.case.better, self.better), (self.case.worse, self.worse)):
            yield {
                "ask": "score", "profile": _shown(self.case), "images": [_named(image, folder)],
                "answer": prompt.score_line(digits),
            }  # fmt: skip


@dataclass(frozen=True)
class _ScoredPair:
    case: HeardCase
    better: Scores
    worse: Scores


def _scored(
    champion: Model,
    cases: Sequence[HeardCase],
    *,
    late: Callable[[], bool],
    advance: Callable[[int, int], None],
) -> list[_ScoredPair]:
    found: list[_ScoredPair] = []
    each = SCORED_AT_ONCE // 2
    for at in range(0, len(cases), each):
        if late():
            break
        part = cases[at : at + each]
        candidates = [
            Candidate(case.taste, image)
            for case in part
            for image in case.pair()
            if case.taste is not None
        ]
        scores = champion.score(candidates)
        found += [
            _ScoredPair(case, scores[2 * number], scores[2 * number + 1])
            for number, case in enumerate(part)
        ]
        advance(len(found), len(cases))
    return found


def _learned(scored: Sequence[_ScoredPair], champion: ElementWeights) -> Learned:
    """How much each element counts to those who clicked."""
    if not scored:
        return Learned(champion)
    better, worse = (
        np.array([[getattr(one, side).expected(e) for e in ELEMENTS] for one in scored])
        for side in ("better", "worse")
    )
    return learn(
        better, worse,
        users=[one.case.user for one in scored], weights=[one.case.weight for one in scored],
        champion=champion,
    )  # fmt: skip


def _drawn(pair: _ScoredPair, weights: ElementWeights, rng: Rng) -> _Agreed | None:
    """One drawing by chance of those that put the preferred image first, where there are enough."""
    a, b = _draws(pair.better, rng), _draws(pair.worse, rng)
    counts = np.array(weights.in_order)
    agreeing = np.flatnonzero(a @ counts > b @ counts)
    if len(agreeing) < LEAST_AGREEING:
        return None
    row = int(rng.choice(agreeing))
    return _Agreed(pair.case, _digits(a[row]), _digits(b[row]))


def _draws(scores: Scores, rng: Rng) -> npt.NDArray[np.int64]:
    """(DRAWINGS, 5)"""
    columns = []
    for element in ELEMENTS:
        p = np.asarray(scores.digits[element], np.float64)
        columns.append(rng.choice(len(p), size=DRAWINGS, p=p / p.sum()))
    return np.stack(columns, axis=1)


def _digits(row: npt.NDArray[np.int64]) -> Digits:
    return {element: int(digit) for element, digit in zip(ELEMENTS, row, strict=True)}


def _explained(champion: Model, agreed: Sequence[_Agreed], folder: Path) -> list[Line]:
    """The preferred image's digits with the champion's reasons, where all five could be read."""
    if not agreed:
        return []
    scored = []
    for one in agreed:
        taste, (better, _) = one.case.taste, one.case.pair()
        assert taste is not None
        scored.append(Scored(Candidate(taste, better), _certain(one.better)))
    lines = []
    for one, reasons in zip(agreed, champion.explain(scored), strict=True):
        if reasons.problems or len(reasons.by_element) < len(ELEMENTS):
            continue
        lines.append(
            {
                "ask": "explain",
                "profile": _shown(one.case),
                "images": [_named(one.case.better, folder)],
                "answer": prompt.score_line(one.better, reasons.by_element),
            }
        )
    return lines


def _certain(digits: Digits) -> Scores:
    return Scores({e: tuple(float(digit == digits[e]) for digit in range(6)) for e in ELEMENTS})


def _shown(case: HeardCase) -> dict[str, Any]:
    """The words that serving shows of a taste, which are fewer than a profile has."""
    assert case.taste is not None
    sides = Sides(prompt.spoken(case.taste.preference), prompt.spoken(case.taste.non_preference))
    told: dict[str, Any] = json.loads(sides.to_json())
    return told


def _by_weight(cases: Sequence[HeardCase], *, most: int, rng: Rng) -> list[HeardCase]:
    """At most `most`, in an order in which a heavier pair comes earlier the more it weighs."""
    keys = [rng.exponential() / max(case.weight, 1e-9) for case in cases]
    return [cases[number] for number in np.argsort(keys, kind="stable")[:most]]


def _simulated(people: int, folder: Path, *, seed: int, rng: Rng) -> Iterator[Line]:
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(draw_cases(people, seed=seed + 1)):
        tasks = CHEAP_TASKS if number % ALL_TASKS_EVERY else TASKS
        told = zip(tasks, examples(case, tasks, rng, varied=False), strict=True)
        for task, example in told:
            yield {
                "ask": task, "images": [_stored(image, images) for image in example.images],
                "answer": example.answer, **_about(task, case),
            }  # fmt: skip


def _about(task: str, case: Case) -> Line:
    if task == "predict" and case.references is not None:
        return {
            "liked": len(case.references.liked), "disliked": len(case.references.disliked)
        }  # fmt: skip
    if task in ("score", "explain") and case.truth is not None:
        return {"profile": json.loads(case.truth.to_json())}
    return {}


def _stored(image: Image, folder: Path) -> str:
    name = f"{hashlib.sha256(image.tobytes()).hexdigest()}.png"
    if not (folder / name).exists():
        partial = folder / f"{name}.partial"
        image.save(partial, "PNG", compress_level=1)
        partial.replace(folder / name)
    return f"{folder.name}/{name}"


def _named(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
