"""Measure how often nights of real size find a gain: one night alone, and nights together.

People and pairs are those of recorded nights: 60, 80 or 100 held-out people, 6 to 30 pairs a
person. The spread between people is that of the fourteen recorded nights whose challenger changed
many answers: the squared standard error of a night times its pairs was 0.31 to 0.72 in the middle
half, which a share of 0.25 to 0.4 of differing answers gives.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.gate.nights.betting import log_capital
from training.gate.nights.end_to_end import PredictedPairs
from training.gate.nights.gains import Floats, user_gains
from training.gate.nights.verdict import hostile_allowance
from training.gate.rules import Rules
from training.gate.simulate.choices import choice_model, margins
from training.gate.simulate.evidence import PAIR_WEIGHT_SHARES, PAIR_WEIGHTS, of_two_models
from training.statistics.wilson import wilson

PEOPLE: Final = (60, 80, 100)
GAINS: Final = (0.0, 0.01, 0.02, 0.03, 0.05)
NIGHTS: Final = (1, 3, 5, 7)
FEWEST_PAIRS, USUAL_PAIRS, MOST_PAIRS = 6, 12, 30
"""Pairs of a person on one night."""


@dataclass(frozen=True)
class RealNights:
    """What is true of a sequence of nights against one champion. Shares are 0-1."""

    people: int = 80
    gain: float = 0.0
    """True gain in right answers, the same on every night."""
    changed: float = 0.3
    """Share of pairs that the two models answer differently."""
    right: float = 0.72
    """Right answers of the champion; recorded nights had 0.65 to 0.82."""
    spread: float = 0.03
    """Standard deviation of the true gain between people."""
    same_people: bool = False
    """Whether the same people return every night, each with the same true gain."""
    contradicting: float = 0.0
    """Share of people who choose at random."""
    half_of_clicks: bool = False
    """Whether one more person, for whom the challenger is always right, has half of all pairs."""


@dataclass(frozen=True)
class PowerRow:
    """How often a gain is found within each of `NIGHTS`."""

    nights: RealNights
    runs: int
    shown: tuple[int, ...]

    def share(self, place: int) -> tuple[float, float, float]:
        """The share found within `NIGHTS[place]`, with its 95 % Wilson interval."""
        value = self.shown[place] / self.runs
        return value, *wilson(value, self.runs)


def power(
    truths: Iterable[RealNights], *, runs: int, rules: Rules | None = None, seed: int = 0
) -> list[PowerRow]:
    """Draw `runs` sequences of seven nights of each kind, and count those found by each night."""
    rules = rules or Rules()
    limit = math.log(1 / rules.false_alarm)
    rows = []
    for number, truth in enumerate(truths):
        rng = np.random.default_rng([seed, number])
        first = np.concatenate([_first_night(rng, truth, rules, limit) for _ in range(runs)])
        shown = tuple(int((first <= nights).sum()) for nights in NIGHTS)
        rows.append(PowerRow(truth, runs, shown))
    return rows


def _first_night(rng: np.random.Generator, truth: RealNights, rules: Rules, limit: float) -> Floats:
    """The night on which the gain is shown, from 1; infinite where none shows it. (1,)"""
    own = _own_gains(rng, truth)
    nights = []
    for _ in range(max(NIGHTS)):
        nights.append(user_gains(draw_night(rng, truth, own), rules))
        own = own if truth.same_people else _own_gains(rng, truth)
    allowances = [hostile_allowance(gains.size, rules) for gains in nights]
    capital = log_capital(nights, allowances, bound=rules.max_change_per_user)
    better = np.flatnonzero(capital >= limit)
    return np.array([better[0] + 1.0 if better.size else math.inf])


def _own_gains(rng: np.random.Generator, truth: RealNights) -> Floats:
    return np.asarray(truth.spread * rng.standard_normal(truth.people))


def draw_night(rng: np.random.Generator, truth: RealNights, own: Floats) -> PredictedPairs:
    """The pairs of one night; `own` (people,) is each person's true gain beyond the mean."""
    activity = rng.lognormal(math.log(USUAL_PAIRS), 0.6, truth.people)
    pairs = np.clip(activity, FEWEST_PAIRS, MOST_PAIRS).astype(np.int64)
    users = np.repeat(np.arange(truth.people), pairs)
    model = choice_model(right=truth.right, gain=truth.gain, changed=truth.changed)
    champion, challenger = margins(rng, users, model, spread=own)
    random = users < round(truth.contradicting * truth.people)
    flip = np.where(random & (rng.random(len(users)) < 0.5), -1.0, 1.0)
    champion, challenger = flip * champion, flip * challenger
    weights = rng.choice(PAIR_WEIGHTS, size=len(users), p=PAIR_WEIGHT_SHARES)
    if truth.half_of_clicks:
        n = len(users)
        users = np.concatenate([users, np.full(n, truth.people)])
        weights = np.concatenate([weights, np.ones(n)])
        champion = np.concatenate([champion, np.full(n, -1.0)])
        challenger = np.concatenate([challenger, np.full(n, 1.0)])
    return of_two_models(users=users, weights=weights, champion=champion, challenger=challenger)


def standard_table() -> list[RealNights]:
    """Every size and gain, and the equal challengers that must not pass."""
    equal = [
        RealNights(changed=0.15), RealNights(changed=0.4), RealNights(same_people=True),
        RealNights(people=60, same_people=True, spread=0.06),
        RealNights(contradicting=0.3), RealNights(half_of_clicks=True),
        RealNights(gain=0.03, contradicting=0.3), RealNights(gain=0.03, changed=0.2),
        RealNights(gain=0.03, changed=0.4), RealNights(gain=0.03, same_people=True),
    ]  # fmt: skip
    return [*(RealNights(people=p, gain=g) for g in GAINS for p in PEOPLE), *equal]


def power_table(rows: Iterable[PowerRow]) -> str:
    """Markdown: shares found in percent, with 95 % Wilson intervals."""
    heads = [f"{n} night" if n == 1 else f"{n} nights" for n in NIGHTS]
    lines = [f"| people a night, true gain | {' | '.join(heads)} |", "|---" * 5 + "|"]
    for row in rows:
        cells = []
        for place in range(len(NIGHTS)):
            value, low, high = (100 * share for share in row.share(place))
            cells.append(f"{value:.1f} ({low:.1f}-{high:.1f})")
        lines.append(f"| {_name(row.nights)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _name(truth: RealNights) -> str:
    usual = RealNights()
    parts = [
        f"{truth.people}, {100 * truth.gain:+.0f} points"
        if truth.gain
        else f"{truth.people}, equal"
    ]
    if truth.changed != usual.changed:
        parts.append(f"{100 * truth.changed:.0f} % of answers differ")
    if truth.same_people:
        parts.append("the same people every night")
    if truth.spread != usual.spread:
        parts.append(f"people differ by {100 * truth.spread:.0f} points")
    if truth.contradicting:
        parts.append(f"{100 * truth.contradicting:.0f} % choose at random")
    if truth.half_of_clicks:
        parts.append("one more person has half of all pairs")
    return ", ".join(parts)
