"""Hold the numbers that the gate decides by, each with its reason, and a condition once checked."""

from dataclasses import dataclass

from shared.jobs.result_codes import GateCode


@dataclass(frozen=True)
class Check:
    """One condition of promotion."""

    code: GateCode
    """The code of the decision when this is the first condition that fails."""
    title: str
    passed: bool
    explanation: str


@dataclass(frozen=True)
class Rules:
    """What a challenger must show. Shares and differences are 0-1, not points."""

    draws: int = 10_000
    """Bootstrap samples: the ends of an interval then vary by about 0.03 points between seeds."""
    min_users: int = 50
    """Of the night with most people: one hostile account is then at most `hostile_share` of them.
    The bets are valid with any number; a bootstrap below about thirty users is too narrow."""
    min_pairs: int = 200
    """With fewer pairs, not even a gain of ten points is outside its interval."""
    max_pair_weight: float = 10.0
    """In medians of all pairs: one rarely shown pair must not outweigh all others of a user."""
    max_user_weight: float = 4.0
    """In medians of all users: the user with most pairs counts as four ordinary users."""
    max_change_per_user: float = 0.15
    """In mean weights of a user: the gain or loss of one account counts as 15 % of an ordinary
    user's pairs at most, so that a share s of hostile accounts moves the mean by 0.15 s at most."""
    false_alarm: float = 0.05
    """Probability, at most, that a candidate without a gain is ever taken for better, over all of
    its nights: the capital of the bets must reach one over it."""
    hostile_share: float = 0.02
    """Share of users who may act together without changing the decision; decision 0030 explains
    what a larger share costs."""
    accepted_benchmark_loss: float = 0.01
    """Loss on the simulated benchmark that a gain for people is worth: a model that learns what it
    did not know forgets a little, and 1,500 pairs show a loss of 0.7 points (decision 0161)."""
    benchmark_margin: float = 0.02
    """Loss on the simulated benchmark that must be ruled out; the interval of 1,500 pairs with one
    in twenty changed reaches 1.1 points to each side."""
    split_tail: float = 0.001
    """Tail of the interval of one split, in place of 0.025. Four splits are compared, and a loss in
    all of them shows in the whole benchmark; one split alone stops only a clear loss."""
    release_margin: float = 0.03
    """The same against the release, so that many training jobs cannot add up small losses."""
    min_well_formed: float = 0.995
    """Share of answers that keep the format, or at least the champion's share on the same
    questions: few users see a format error in one rationale of two hundred."""
    min_well_formed_by_chance: float = 0.985
    """Least share where the champion's is higher by chance alone: with 200 answers, one or two more
    errors than the champion's say nothing."""
    min_answers: int = 200
    """Answers whose format was checked; with fewer, 99.5 % cannot be distinguished from 98 %."""
