"""The numbers that the gate decides by, each with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What a challenger must show. Shares and differences are 0-1, not points."""

    draws: int = 10_000
    """Bootstrap samples: the ends of an interval then move by about 0.03 points between seeds."""
    least_users: int = 50
    """Fewer users give a bootstrap over users too little to draw from; its intervals are too
    narrow below about thirty."""
    least_pairs: int = 200
    """With fewer, not even ten points more could be told from chance."""
    most_pair_weight: float = 10.0
    """In medians of all pairs: one lucky, rarely shown pair must not outweigh an evening."""
    most_user_weight: float = 4.0
    """In medians of all users: the busiest user counts as four ordinary ones."""
    most_change_a_user: float = 0.15
    """In mean weights of a user: what one account can gain or lose counts as 15 % of an ordinary
    user's pairs at most, so that a share s of hostile accounts moves the mean by 0.15 s at most."""
    hostile_share: float = 0.02
    """Share of the users who may lie together and decide nothing; see decision 0030 for what a
    larger one costs."""
    benchmark_margin: float = 0.02
    """Loss on the simulated benchmark that must be ruled out; the interval of 1,500 pairs with one
    in twenty changed reaches 1.1 points to each side."""
    split_tail: float = 0.001
    """Tail of a split's interval, in place of 0.025: four splits are looked at, and what is lost
    everywhere shows in the whole; a split alone stops only what is plainly lost."""
    release_margin: float = 0.03
    """The same against the release, so that many nights cannot add up small losses."""
    least_well_formed: float = 0.995  # or no fewer than of the champion's, on the same questions
    """Share of answers that keep the format: one bad reason in two hundred is still seen by few."""
    least_answers: int = 200
    """Answers whose format was looked at; with fewer, 99.5 % cannot be told from 98 %."""
