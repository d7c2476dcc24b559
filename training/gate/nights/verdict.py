"""Measure the gain of a candidate over its nights, and whether it is shown, refuted or open."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from training.gate.nights.betting import gain_interval, log_capital
from training.gate.nights.end_to_end import ARMS, CHAMPION, EndToEnd
from training.gate.nights.gains import right_answers, user_gains
from training.gate.nights.shortfall import Shortfall, shortfall
from training.gate.nights.user_weights import intervals, sum_by_user
from training.gate.rules import Rules
from training.statistics.interval import Interval
from training.statistics.resampling import Resampling

Shown = Literal["better", "worse", "open"]
MOST_CAPITAL: Final = 1e12
"""A larger capital is reported as this one."""


@dataclass(frozen=True)
class Night:
    """One night of a candidate."""

    challenger: str
    people: int
    pairs: int
    gain: Interval
    """Mean capped gain a person, 0-1, with the interval of this night alone."""
    capital: float
    """After this night, from 1 before the first; 20 shows that the candidate is better."""


@dataclass(frozen=True)
class PooledNights:
    """All nights of a candidate against one champion, the last one tonight."""

    shown: Shown
    gain: Interval
    """The mean capped gain a person over all nights, in smooth answers, with its confidence
    sequence: it holds on all nights at once."""
    nights: tuple[Night, ...]
    most_people: int
    """Of the night with most people."""
    pairs: int
    """Of all nights."""
    allowance: float
    """The gain that hostile people could fake tonight."""
    arms: Mapping[str, Interval]
    """Tonight's share of right answers of each arm, `champion` among them."""
    differences: Mapping[str, Interval]
    """Tonight's right answers of the three other arms minus the champion's."""
    needs: Shortfall | None
    """What finds a gain; None where better or worse is shown, or where nobody was measured."""

    @property
    def capital(self) -> float:
        return self.nights[-1].capital


def pool(
    evidence: EndToEnd, rules: Rules, resampling: Resampling, *, challenger: str
) -> PooledNights | None:
    """None where no night has a person."""
    tonight = user_gains(evidence.pairs, rules)
    by_night = [*(np.asarray(night.gains, np.float64) for night in evidence.earlier), tonight]
    if not any(gains.size for gains in by_night):
        return None
    bound, limit = rules.max_change_per_user, math.log(1 / rules.false_alarm)
    allowances = [hostile_allowance(gains.size, rules) for gains in by_night]
    better = log_capital(by_night, allowances, bound=bound)
    worse = log_capital([-gains for gains in by_night], [0.0] * len(by_night), bound=bound)
    shown: Shown = "better" if better[-1] >= limit else "worse" if worse[-1] >= limit else "open"
    pairs = [*(night.pairs for night in evidence.earlier), evidence.pairs.pairs]
    versions = [*(night.challenger for night in evidence.earlier), challenger]
    arms, differences = _arms(evidence, rules, resampling)
    needs = None
    if shown == "open":
        needs = shortfall(
            tonight, np.concatenate([*by_night[:-1], np.empty(0)]), pairs=evidence.pairs.pairs,
            allowance=allowances[-1], bound=bound, limit=limit,
        )  # fmt: skip
    return PooledNights(
        shown=shown,
        gain=gain_interval(by_night, bound=bound),
        nights=tuple(
            Night(
                version, int(gains.size), count, gain_interval([gains], bound=bound),
                min(MOST_CAPITAL, math.exp(min(capital, 700.0))),
            )
            for version, gains, count, capital in zip(
                versions, by_night, pairs, better, strict=True
            )
        ),
        most_people=max(int(gains.size) for gains in by_night),
        pairs=sum(pairs),
        allowance=allowances[-1],
        arms=arms,
        differences=differences,
        needs=needs,
    )  # fmt: skip


def hostile_allowance(people: int, rules: Rules) -> float:
    """The mean gain that hostile people fake at most: a share of all, and at least one account."""
    share = max(rules.hostile_share, 1 / people) if people else rules.hostile_share
    return min(1.0, share) * rules.max_change_per_user


def _arms(
    evidence: EndToEnd, rules: Rules, resampling: Resampling
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    if not evidence.pairs.pairs or not evidence.pairs.weights.sum():
        return {}, {}
    arms, differences = {}, {}
    for arm in ARMS:
        means = intervals(sum_by_user(right_answers(evidence.pairs, arm), rules), resampling)
        arms[arm] = means["challenger"]
        if arm != CHAMPION:
            differences[arm] = means["difference"]
    return arms, differences
