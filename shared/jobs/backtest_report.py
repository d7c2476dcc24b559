"""Define the report of a backtest: metrics of each order with intervals, and off-policy values."""

from shared.domain.taste import Value


class Metric(Value):
    """A value with its 95 % interval over users; None where a single user gives no interval."""

    value: float
    interval: tuple[float, float] | None


class MethodResult(Value):
    """One way to order the lists."""

    rankings: int
    users: int
    ndcg: Metric
    """Of the clicks, 0-1."""
    mrr: Metric
    """Reciprocal rank of the first click, 0-1."""
    ndcg_gain: Metric
    """Minus the logged order, on the same lists."""
    mrr_gain: Metric


class Support(Value):
    """How much of our order the logged choices cover."""

    unit: str
    """`explored pairs` or `placements`."""
    decisions: int
    users: int
    effective: float
    mean_weight: Metric
    """1 where chance could have made all choices of our order."""


class OffPolicy(Value):
    """What our order would have earned, by the choices that chance has made."""

    problem: str | None = None
    """Why there is no estimate."""
    support: Support | None = None
    logged: Metric | None = None
    """Click rate of what was shown first, as logged."""
    snips: Metric | None = None
    snips_gain: Metric | None = None
    dr: Metric | None = None
    dr_gain: Metric | None = None


class BacktestReport(Value):
    """What the feeds would have been worth on a history."""

    model_version: str | None
    """None where the history has nothing to rank, so that no model was loaded."""
    seed: int
    users_of_history: int
    users_sampled: int
    rankings_of_sample: int
    methods: dict[str, MethodResult]
    """`ours`, `logged`, `popularity`, `random`, and the controls `user_blind` and `other_user`."""
    off_policy: OffPolicy
    left_out: dict[str, int]
    """Lists that were not measured, by reason."""
    missing_images: dict[str, int]
    """Images that could not be used, by reason."""
    missing: tuple[str, ...] = ()
    """What the history lacks, as sentences that say what to do."""
    seconds: float
