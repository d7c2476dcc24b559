"""Choose for each held-out person the references to predict from, and the pairs that came later."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.job.scoring.feedback_cases import FeedbackCase

ENOUGH: Final = 0.5
"""The references are those before the person's first slate that had this share of the most
references that any of the person's slates had: waiting for all of them would leave few later
pairs."""

DAY: Final = 86_400_000_000
"""Microseconds; a killed job is resumed within less."""


@dataclass(frozen=True)
class Person:
    """One held-out person: references, and later pairs without any image of them, oldest first."""

    name: str
    liked: tuple[Path, ...]
    disliked: tuple[Path, ...]
    pairs: tuple[FeedbackCase, ...]


def people(cases: Iterable[FeedbackCase], *, since: int = 0) -> list[Person]:
    """People with at least one pair of a slate after `since`, microseconds since the epoch.

    A person without references is left out unless the slates have a stored profile.
    """
    by_user: dict[str, list[FeedbackCase]] = defaultdict(list)
    for case in cases:
        if case.shown_at > since or not since:
            by_user[case.user].append(case)
    chosen = (_person(name, own) for name, own in by_user.items())
    return [person for person in chosen if person.pairs]


def end_of_feedback(cases: Iterable[FeedbackCase], *, requested_at: int) -> int:
    """The end of the feedback that a night uses, microseconds since the epoch.

    Slates that were shown while the job collected, or before it was resumed, are used too, so that
    they are not new on the next night. A later time comes from a wrong clock and does not count.
    """
    shown = (case.shown_at for case in cases)
    return max([requested_at, *(at for at in shown if at <= requested_at + DAY)])


def _person(name: str, cases: list[FeedbackCase]) -> Person:
    ordered = sorted(cases, key=lambda case: case.shown_at)
    most = max(map(_references, ordered))
    first = next(case for case in ordered if _references(case) >= ENOUGH * most)
    known = {*first.liked, *first.disliked}
    pairs = tuple(
        case
        for case in ordered
        if case.shown_at >= first.shown_at
        and not known & {case.better, case.worse}
        and (known or case.profile)
    )
    return Person(name, first.liked, first.disliked, pairs)


def _references(case: FeedbackCase) -> int:
    return len(case.liked) + len(case.disliked)
