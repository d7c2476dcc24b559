"""Write what SFT imitates: the champion's own scores where they agree with a click, with reasons.

Rejection sampling: of a pair the champion's digits are drawn several times, as it means them, and
one drawing that puts the preferred image first is kept. Totals are weighed by how much each element
counts to these people (`element_weights`), which is learned first: else a pair that the champion
gets wrong for not knowing it would be brought to agree by digits that are wrong. A pair that hardly
any drawing agrees with is left out: the click is then more likely to be noise than the champion is
to be that wrong.
Reasons are the champion's for those digits, and kept when every one agrees with its digit.
Simulated people stand beside (`rehearsal`).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.files.atomic_write import atomic_write
from shared.prompting import prompt
from shared.vlm.protocol import Candidate, ScoredCandidate, Scores
from training.job.evidence.cases import HeardCase
from training.job.evidence.pair_scoring import SCORED_AT_ONCE, Model
from training.job.evidence.score_cache import Remembered
from training.job.examples.rejection_sampling import Agreed, Digits, Rng, ScoredPair, drawn
from training.job.examples.replay import Line, simulated_lines, simulated_people
from training.job.train.element_weights import Learned, learn
from training.rewards.prediction import Sides

EXPLAINED: Final = 0.12
"""Share of the kept pairs that reasons are written for: they cost a hundred scores each."""
EXPLAINED_AT_ONCE: Final = 16
Advance = Callable[[int, int, int], None]
"""How many pairs are scored, of how many, and the scores that the champion was asked for."""


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
    advance: Advance,
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
    agreed = [one for pair in scored if (one := drawn(pair, learned.weights, rng)) is not None]
    lines = [line for one in agreed for line in _score_lines(one, file.parent)]
    wanted = [one for one in agreed if rng.random() < EXPLAINED]
    told: list[Line] = []
    for at in range(0, len(wanted), EXPLAINED_AT_ONCE):
        if late_to_explain():
            break
        told += _explained(champion, wanted[at : at + EXPLAINED_AT_ONCE], file.parent)
    people = simulated_people(len(agreed))
    simulated = list(simulated_lines(people, file.parent, seed=seed, rng=rng))
    text = "".join(
        json.dumps(line, ensure_ascii=False) + "\n" for line in [*lines, *told, *simulated]
    )
    atomic_write(file, text)
    return Written(
        pairs=len(scored),
        kept=len(agreed),
        disbelieved=len(scored) - len(agreed),
        without_taste=len(cases) - len(usable),
        explained=len(told),
        simulated=len(simulated),
        learned=learned,
    )


def _scored(
    champion: Model,
    cases: Sequence[HeardCase],
    *,
    late: Callable[[], bool],
    advance: Advance,
) -> list[ScoredPair]:
    found: list[ScoredPair] = []
    remembered = Remembered(champion)
    each = SCORED_AT_ONCE // 2
    for at in range(0, len(cases), each):
        if late():
            break
        part = cases[at : at + each]
        asked = [(case.taste or Taste(), case.better, case.worse) for case in part]
        scores = remembered.score_pairs(asked)
        found += [ScoredPair(case, *both) for case, both in zip(part, scores, strict=True)]
        advance(len(found), len(cases), remembered.asked)
    return found


def _learned(scored: Sequence[ScoredPair], champion: ElementWeights) -> Learned:
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


def _score_lines(one: Agreed, folder: Path) -> Iterator[Line]:
    for image, digits in ((one.case.better, one.better), (one.case.worse, one.worse)):
        yield {
            "ask": "score", "profile": _shown(one.case), "images": [_named(image, folder)],
            "answer": prompt.score_line(digits),
        }  # fmt: skip


def _explained(champion: Model, agreed: Sequence[Agreed], folder: Path) -> list[Line]:
    """The preferred image's digits with the champion's reasons, where all five could be read."""
    if not agreed:
        return []
    scored = []
    for one in agreed:
        taste, (better, _) = one.case.taste, one.case.pair()
        assert taste is not None
        scored.append(ScoredCandidate(Candidate(taste, better), _certain(one.better)))
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


def _named(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
