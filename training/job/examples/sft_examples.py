"""Write the SFT examples: what choices teach in hindsight, and the champion's own agreeing scores.

First come the examples of `hindsight`: profiles and words that explain the choices better than the
champion's. Where choices do not speak, the champion's own scores that agree with a click are kept.
Rejection sampling: for each pair several samples of digits are drawn from the champion's
distributions, and one that puts the preferred image first is kept. The totals use the element
weights of these users (`element_weights`), which are learned first: without them, a pair that the
champion ranks wrong only because of its weights would be made to agree by wrong digits. A pair with
hardly any agreeing sample is dropped: its click is more likely to be noise than the champion to be
that wrong. Rationales are the champion's for the kept digits; a rationale is kept when every
element's text was read and agrees with its digit. So that no task is forgotten, examples of
simulated users are added (`replay`), or for a model that was not trained on drawings its own
answers (`own_answers`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.files.atomic_write import atomic_write
from shared.prompting import prompt
from shared.vlm.protocol import ScoredInput, Scores, ScoringInput
from training.evaluation.scoring import batches
from training.job.examples.element_weights import LearnedWeights, learn_weights
from training.job.examples.example_lines import Line, name_in
from training.job.examples.hindsight.write import Hindsight
from training.job.examples.own_answers import own_answer_lines
from training.job.examples.rejection_sampling import (
    AgreeingPair,
    Digits,
    Rng,
    ScoredPair,
    agreeing_sample,
)
from training.job.examples.replay import replay_lines, replay_users
from training.job.scoring.deadline import IsLate
from training.job.scoring.feedback_cases import FeedbackCase
from training.job.scoring.pair_scoring import SCORING_BATCH, Model
from training.job.scoring.score_cache import ScoreCache
from training.rewards.prediction import Sides

RATIONALE_SHARE: Final = 0.12
"""Share of the kept pairs with rationales: these cost a hundred scores each."""
RATIONALE_BATCH: Final = 16
OWN_SHARE: Final = 0.5
"""Most score examples by rejection sampling, as a share of the examples of hindsight, where there
are at least `ENOUGH` of these: they teach the champion what it knows."""
ENOUGH: Final = 200
Advance = Callable[[int, int, int], None]
"""Called with the scored pairs, all pairs, and the scores that the champion computed."""


@dataclass(frozen=True)
class WrittenExamples:
    """What became of the pairs."""

    pairs: int
    kept: int
    rejected: int
    """Pairs without such an example: too few samples of the champion agree with the click, or the
    user's choices are learned from in hindsight."""
    without_profile: int
    with_rationales: int
    rehearsed: int
    """Examples that only keep the model from forgetting a task."""
    learned: LearnedWeights
    hindsight: Hindsight = field(default_factory=Hindsight)
    on_drawings: bool = True
    """Whether these are of simulated users, rather than the champion's own answers."""

    @property
    def summary(self) -> str:
        simulated = "simulated examples" if self.on_drawings else "own answers"
        return (
            f"{self.learned.summary}; {self.hindsight.summary}; {self.kept} of {self.pairs} pairs"
            f" give examples of the champion's own scores, {self.with_rationales} of them with"
            f" rationales; {self.rehearsed} {simulated}"
        )


def write_sft_examples(
    file: Path,
    cases: Sequence[FeedbackCase],
    champion: Model,
    *,
    seed: int,
    max_pairs: int,
    advance: Advance,
    scoring_is_late: IsLate,
    hindsight: Callable[[], Hindsight] = Hindsight,
    rationales_are_late: IsLate = lambda: False,
    on_drawings: bool = True,
) -> WrittenExamples:
    """Write JSON lines with image names relative to the file's folder, completely or not at all.

    Scoring and writing of rationales each stop when their time is over. `hindsight` learns from the
    choices after the scoring. `on_drawings` says whether the champion was trained on the
    simulator's drawings.
    """
    rng = np.random.default_rng((seed, 0x51F7))
    usable = [case for case in cases if case.taste is not None]
    chosen = _by_weight(usable, most=max_pairs, rng=rng)
    scored = _score(champion, chosen, is_late=scoring_is_late, advance=advance)
    learned = _learn_weights(scored, champion.element_weights)
    in_hindsight = hindsight()
    samples = (
        agreeing_sample(pair, learned.weights, rng)
        for pair in scored
        if pair.case.user not in in_hindsight.covered
    )
    agreeing = [pair for pair in samples if pair is not None]
    if len(in_hindsight.lines) >= ENOUGH:
        agreeing = agreeing[: round(OWN_SHARE * len(in_hindsight.lines) / 2)]
    lines = [line for pair in agreeing for line in _score_lines(pair, file.parent)]
    to_explain = [pair for pair in agreeing if rng.random() < RATIONALE_SHARE]
    rationales: list[Line] = []
    for batch in batches(to_explain, RATIONALE_BATCH):
        if rationales_are_late():
            break
        rationales += _rationale_lines(champion, batch, file.parent)
    users = replay_users(len(agreeing) + len(in_hindsight.lines) // 2)
    if on_drawings:
        rehearsed = list(replay_lines(users, file.parent, seed=seed, rng=rng))
    else:
        rehearsed = own_answer_lines(
            champion, usable, file.parent, count=users, rng=rng, is_late=rationales_are_late
        )
    all_lines = _evenly_mixed(
        *_by_task([*in_hindsight.lines, *lines, *rationales]), *_by_task(rehearsed)
    )
    atomic_write(file, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in all_lines))
    return WrittenExamples(
        pairs=len(scored),
        kept=len(agreeing),
        rejected=len(scored) - len(agreeing),
        without_profile=len(cases) - len(usable),
        with_rationales=len(rationales),
        rehearsed=len(rehearsed),
        learned=learned,
        hindsight=in_hindsight,
        on_drawings=on_drawings,
    )


def _by_task(lines: Iterable[Line]) -> list[list[Line]]:
    """The lines of each task, in their order."""
    groups: dict[object, list[Line]] = {}
    for line in lines:
        groups.setdefault(line["ask"], []).append(line)
    return list(groups.values())


def _evenly_mixed(*groups: Sequence[Line]) -> list[Line]:
    """Each group in its order: a training that reads a part of the file reads as much of each.

    A night reads about a third. When the tasks followed each other, it read all predictions and
    descriptions that references teach and none of the scores (training/LOG.md).
    """
    places = [
        ((number + 0.5) / len(lines), line) for lines in groups for number, line in enumerate(lines)
    ]
    return [line for _, line in sorted(places, key=lambda place: place[0])]


def _score(
    champion: Model, cases: Sequence[FeedbackCase], *, is_late: IsLate, advance: Advance
) -> list[ScoredPair]:
    pairs: list[ScoredPair] = []
    cache = ScoreCache(champion)
    for batch in batches(cases, SCORING_BATCH // 2):
        if is_late():
            break
        scores = cache.score_pairs([(c.taste or Taste(), c.better, c.worse) for c in batch])
        pairs += [ScoredPair(case, *both) for case, both in zip(batch, scores, strict=True)]
        advance(len(pairs), len(cases), cache.computed)
    return pairs


def _learn_weights(scored: Sequence[ScoredPair], champion: ElementWeights) -> LearnedWeights:
    """How much each element counts for the users of these pairs."""
    if not scored:
        return LearnedWeights(champion)
    better, worse = (
        np.array([[getattr(pair, side).expected(e) for e in ELEMENTS] for pair in scored])
        for side in ("better", "worse")
    )
    return learn_weights(
        better, worse,
        users=[pair.case.user for pair in scored], weights=[pair.case.weight for pair in scored],
        champion=champion,
    )  # fmt: skip


def _score_lines(pair: AgreeingPair, folder: Path) -> Iterator[Line]:
    for image, digits in ((pair.case.better, pair.better), (pair.case.worse, pair.worse)):
        yield {
            "ask": "score", "profile": _shown_profile(pair.case),
            "images": [name_in(image, folder)], "answer": prompt.score_line(digits),
        }  # fmt: skip


def _rationale_lines(champion: Model, pairs: Sequence[AgreeingPair], folder: Path) -> list[Line]:
    """The preferred image's digits with the champion's rationales, where all five were read."""
    scored = []
    for pair in pairs:
        taste, (better, _) = pair.case.taste, pair.case.pair()
        assert taste is not None
        scored.append(ScoredInput(ScoringInput(taste, better), _certain(pair.better)))
    lines = []
    for pair, rationales in zip(pairs, champion.explain(scored), strict=True):
        if rationales.problems or len(rationales.by_element) < len(ELEMENTS):
            continue
        lines.append(
            {
                "ask": "explain",
                "profile": _shown_profile(pair.case),
                "images": [name_in(pair.case.better, folder)],
                "digits": {e.value: digit for e, digit in pair.better.items()},
                "rationales": {e.value: text for e, text in rationales.by_element.items()},
            }
        )
    return lines


def _certain(digits: Digits) -> Scores:
    return Scores({e: tuple(float(digit == digits[e]) for digit in range(6)) for e in ELEMENTS})


def _shown_profile(case: FeedbackCase) -> dict[str, Any]:
    """The words of the profile that the serving prompt shows; a profile may have more."""
    assert case.taste is not None
    sides = Sides(
        prompt.shown_words(case.taste.preference), prompt.shown_words(case.taste.non_preference)
    )
    words: dict[str, Any] = json.loads(sides.to_json())
    return words


def _by_weight(cases: Sequence[FeedbackCase], *, most: int, rng: Rng) -> list[FeedbackCase]:
    """At most `most` cases in a random order in which heavier ones tend to come first.

    Weighted sampling without replacement: the smallest exponential / weight first.
    """
    keys = [rng.exponential() / max(case.weight, 1e-9) for case in cases]
    return [cases[number] for number in np.argsort(keys, kind="stable")[:most]]
