"""Value several orders of the same logged slates, with intervals over users.

Two things vary: the held-out users, and the training users whose views give the look rates. They
are different people, so that the two variances add up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from training.gate.off_policy.evidence import LoggedSlate, Looks
from training.statistics.interval import TAIL, Interval
from training.statistics.offpolicy.decisions import Floats, Ints
from training.statistics.offpolicy.examination import Placements, look_rates, placements
from training.statistics.offpolicy.reward_model import cross_fitted_everywhere
from training.statistics.offpolicy.slate_value import (
    ShownImages,
    Value,
    look_decisions,
    slate_sums,
    value_of,
)
from training.statistics.offpolicy.support import Support, support


@dataclass(frozen=True)
class OrderValues:
    """Clicks a slate by the name of the order."""

    logged: Interval
    snips: Mapping[str, Interval]
    dr: Mapping[str, Interval]
    snips_gain: Mapping[str, Interval]
    """Minus the first order."""
    dr_gain: Mapping[str, Interval]
    support: Mapping[str, Support]


@dataclass(frozen=True)
class _Log:
    """The slates as columns."""

    slates: Sequence[LoggedSlate]
    users: Ints
    """The user of each slate. (slates,)"""
    places: Mapping[str, Ints]
    """The rank from 0 that an order gives each image. (n,) each"""
    placements: Placements
    predicted: Floats

    def images(self, rates: Floats) -> ShownImages:
        return ShownImages(
            slates=np.repeat(np.arange(len(self.slates)), [len(s.explored) for s in self.slates]),
            viewed=np.concatenate([s.viewed for s in self.slates]),
            clicked=np.concatenate([s.clicked for s in self.slates]),
            logged=self.placements.looks(rates),
            predicted=self.predicted,
        )

    def sums(self, rates: Floats) -> Floats:
        """Of each user: the number of slates, then six sums of each order. (users, 1 + 6 orders)"""
        images = self.images(rates)
        columns = [np.ones((len(self.slates), 1))]
        columns += [slate_sums(images, rates[places]) for places in self.places.values()]
        by_slate = np.concatenate(columns, axis=1)
        by_user = np.zeros((int(self.users.max()) + 1, by_slate.shape[1]))
        np.add.at(by_user, self.users, by_slate)
        return by_user


def value_orders(
    slates: Sequence[LoggedSlate], looks: Looks, names: Sequence[str], *, seed: int
) -> OrderValues:
    """The values of the orders `names`; gains are over the first one."""
    log = _log(slates, names, seed=seed)
    ranks = max(len(slate.explored) for slate in slates)
    rates = _rates(looks.shown.sum(axis=0), looks.viewed.sum(axis=0), ranks)
    sums = log.sums(rates)
    # One group of training users left out at a time: what their views change.
    others = [
        log.sums(_rates(shown, viewed, ranks)).sum(axis=0)
        for shown, viewed in zip(
            looks.shown.sum(axis=0) - looks.shown, looks.viewed.sum(axis=0) - looks.viewed,
            strict=True,
        )
    ]  # fmt: skip

    def interval(name: str, kind: Value, *, minus_first: bool = False) -> Interval:
        def value(totals: Floats) -> Floats:
            own = _value(totals, names.index(name), kind)
            return own - _value(totals, 0, kind) if minus_first else own

        total = sums.sum(axis=0)
        left_out = _Variance.of(value(total - sums) - value(total))
        without = np.array([value(totals) for totals in others])
        views = _Variance.of(without - without.mean()) if len(without) > 1 else _Variance(0.0, 1.0)
        return left_out.plus(views).interval(float(value(total)))

    images, users = log.images(rates), log.users
    return OrderValues(
        logged=interval(names[0], "logged"),
        snips={name: interval(name, "snips") for name in names},
        dr={name: interval(name, "dr") for name in names},
        snips_gain={name: interval(name, "snips", minus_first=True) for name in names},
        dr_gain={name: interval(name, "dr", minus_first=True) for name in names},
        support={
            name: support(look_decisions(images, rates[log.places[name]], users[images.slates]))
            for name in names
        },
    )


@dataclass(frozen=True)
class _Variance:
    """The variance of an estimate, and how well it is known itself, in degrees of freedom."""

    value: float
    freedom: float

    @classmethod
    def of(cls, changes: Floats) -> "_Variance":
        """The jackknife variance, from the changes when one part is left out. (parts,)

        A few parts with large changes make it uncertain: 2 n / (kurtosis - 1) degrees of freedom,
        from the variance of a sample variance, and at most n - 1.
        """
        count, square = len(changes), float((changes**2).sum())
        if count < 2 or square == 0:
            return cls(0.0 if count > 1 else np.inf, 1.0)
        kurtosis = count * float((changes**4).sum()) / square**2
        freedom = min(2 * count / max(kurtosis - 1, 1e-9), count - 1)
        return cls((count - 1) / count * square, max(freedom, 1.0))

    def plus(self, other: "_Variance") -> "_Variance":
        """Of a sum of two independent parts (Welch 1947, Satterthwaite 1946)."""
        total = self.value + other.value
        if not np.isfinite(total) or total == 0:
            return _Variance(total, 1.0)
        spread = self.value**2 / self.freedom + other.value**2 / other.freedom
        return _Variance(total, total**2 / spread)

    def interval(self, value: float) -> Interval:
        width = float(t.ppf(1 - TAIL, self.freedom) * np.sqrt(self.value))
        return Interval(value, value - width, value + width)


def _value(totals: Floats, number: int, kind: Value) -> Floats:
    own = totals[..., 1 + 6 * number : 7 + 6 * number]
    return value_of(own, totals[..., 0])[kind]


def _rates(shown: Floats, viewed: Floats, ranks: int) -> Floats:
    """Look rates of so many ranks; ranks that no training user was shown have none."""
    known = look_rates(shown, viewed)
    missing = max(ranks - len(known), 0)
    return np.concatenate([known[:ranks], np.full(missing, known[-1] / 2)])


def _log(slates: Sequence[LoggedSlate], names: Sequence[str], *, seed: int) -> _Log:
    codes = {user: n for n, user in enumerate(dict.fromkeys(slate.user for slate in slates))}
    users = np.array([codes[slate.user] for slate in slates], np.int64)
    rng = np.random.default_rng([seed, 0x0FF])
    # Images with equal scores stand in a random order: not in that of the champion.
    noise = [rng.random(len(slate.explored)) for slate in slates]
    places = {
        name: np.concatenate(
            [_places(slate.scores[name], tie) for slate, tie in zip(slates, noise, strict=True)]
        )
        for name in names
    }
    viewed = np.concatenate([slate.viewed for slate in slates])
    features = np.concatenate([_features(slate, names) for slate in slates])
    predicted = cross_fitted_everywhere(
        features, np.concatenate([slate.clicked for slate in slates]),
        np.repeat(users, [len(slate.explored) for slate in slates]), viewed > 0,
    )  # fmt: skip
    placed = [placements(tuple(slate.propensities.tolist()), slate.explored) for slate in slates]
    chances = Placements(
        np.concatenate([p.ranks for p in placed]), np.concatenate([p.probabilities for p in placed])
    )
    return _Log(slates, users, places, chances, predicted)


def _places(scores: Floats, ties: Floats) -> Ints:
    """The rank from 0 of each image, best first."""
    places = np.empty(len(scores), np.int64)
    places[np.lexsort((ties, -np.round(scores, 6)))] = np.arange(len(scores))
    return places


def _features(slate: LoggedSlate, names: Sequence[str]) -> Floats:
    """The scores of all orders, each standardized within the slate. (k, orders)"""
    scores = np.stack([slate.scores[name] for name in names], axis=1)
    centered = scores - scores.mean(axis=0)
    spread = np.sqrt((centered**2).mean(axis=0))
    return np.asarray(centered / np.where(spread > 0, spread, 1.0), np.float64)
