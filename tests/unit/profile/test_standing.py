"""What is told later outdates what was told before, by how much is told and not by the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import get_args

import pytest

from services.profile.standing import HALF_LIFE, TELLS, standings
from shared.events.feedback import Action
from shared.store.protocol import Reference

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def told(*actions: Sequence[Action]) -> list[Reference]:
    """References by the actions in parts, the newest first."""
    return [
        Reference(
            image_id=f"i{n}",
            uri=f"drawing:i{n}",
            content_hash=f"i{n}",
            side="liked",
            action=action,
            occurred_at=NOON - timedelta(days=n),
            event_id=f"e{n}",
        )
        for n, action in enumerate(chain.from_iterable(actions))
    ]


def test_the_newest_says_all_that_its_action_says() -> None:
    assert standings(told(["reference_like"])) == [1.0]
    assert standings(told(["like"])) == [0.5]
    assert standings(told()) == []


@pytest.mark.parametrize(("action", "times"), [("reference_like", 4), ("like", 8), ("click", 16)])
def test_a_statement_counts_half_after_so_much_was_told_later(action: Action, times: int) -> None:
    assert standings(told([action] * times, ["reference_like"]))[-1] == pytest.approx(0.5)


def test_a_handful_of_clicks_does_not_outweigh_what_was_stated() -> None:
    found = standings(told(["click"] * 5, ["reference_like"] * 5))
    assert sum(found[5:]) > 2 * sum(found[:5])


def test_ten_later_likes_outweigh_five_older_statements() -> None:
    found = standings(told(["like"] * 10, ["reference_like"] * 5))
    assert sum(found[:10]) > 2 * sum(found[10:])


def test_every_action_that_speaks_has_a_weight() -> None:
    assert set(TELLS) | {"view"} == set(get_args(Action))
    assert max(TELLS.values()) < HALF_LIFE
