"""A history is read in any order, for a stable sample of users, and only the past is used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import Feedback
from shared.events.interchange.values import ShownList
from tests.unit.shared.events.interchange import samples
from training.simulate.backtest.cases import select_cases
from training.simulate.backtest.history import History, HistoryBuilder, Ranking

START = datetime(2026, 5, 1, tzinfo=UTC)
ADA = ("default", "ada")


def feedback(user: str, kind: str, image: str, minute: int, **fields: object) -> Feedback:
    from shared.client.requests import action

    at = START + timedelta(minutes=minute)
    return action(user, kind, image, occurred_at=at, **fields)  # type: ignore[arg-type]


def shown(user: str, request: str, minute: int, *images: str) -> ShownList:
    return ShownList("default", user, request, START + timedelta(minutes=minute), images)


EVENTS = [
    shown("ada", "r1", 0, "a", "b", "c"),
    feedback("ada", "click", "b", 1, request_id="r1", uri="https://example.org/b.png"),
    shown("ada", "r2", 10, "d", "b", "e"),
    feedback("ada", "click", "e", 11, request_id="r2"),
    feedback("ada", "hide", "x", 12),
    shown("bob", "r3", 20, "e", "f"),
    feedback("bob", "like", "e", 2),
    feedback("bob", "click", "f", 21, request_id="r3"),
    feedback("cat", "view", "a", 30, request_id="r4", position=2),
    feedback("cat", "view", "z", 30, request_id="r4", position=1),
]


def built(events: list[object], *, users: int = 10, seed: int = 0) -> History:
    builder = HistoryBuilder(users=users, seed=seed)
    builder.add_all(events)  # type: ignore[arg-type]
    return builder.build()


@settings(max_examples=30, deadline=None)
@given(st.permutations(EVENTS))
def test_the_order_of_the_events_does_not_matter(events: list[object]) -> None:
    assert built(events) == built(list(EVENTS))


def test_lists_have_their_clicks_and_views_are_lists_by_their_positions() -> None:
    history = built(list(EVENTS))
    by_id = {ranking.request_id: ranking for ranking in history.rankings}
    assert by_id["r1"].image_ids == ("a", "b", "c")
    assert by_id["r1"].clicked == {"b"}
    assert by_id["r4"].image_ids == ("z", "a")
    assert history.addresses == {("default", "b"): "https://example.org/b.png"}


def test_a_case_knows_only_what_was_before_its_list() -> None:
    cases = select_cases(built(list(EVENTS)), most=10, seed=0)
    assert [case.ranking.request_id for case in cases.cases] == ["r2", "r3"]
    ada, bob = cases.cases
    assert ada.known.liked == ()  # b is in the list itself
    assert ada.known.passed == ("a", "c")
    assert ada.popularity == {"d": 0, "b": 0, "e": 1}
    assert bob.known.liked == ()
    assert cases.left_out == {"no earlier click of this user": 1, "no click": 1}


def test_lists_of_chance_without_a_click_count_with_the_same_probability() -> None:
    """Else the click rate is that of lists with a click, which is too high."""
    events: list[object] = [feedback("ada", "like", "q", 0)]
    for n in range(400):
        listed = shown("ada", f"r{n}", n + 1, f"a{n}", f"b{n}")
        events.append(replace(listed, explored=(True, True), propensities=(0.5, 0.5)))
        if n % 4 == 0:
            events.append(feedback("ada", "click", f"a{n}", n + 1, request_id=f"r{n}"))
    for most in (1_000, 50):
        chosen = select_cases(built(events), most=most, seed=0).cases
        clicked = sum(bool(case.ranking.clicked) for case in chosen)
        assert clicked == min(most, 100)
        assert len(chosen) <= 2 * most
        of_value = [bool(case.ranking.clicked) for case in chosen if case.is_of_value]
        assert sum(of_value) / len(of_value) == pytest.approx(0.25, abs=0.1)
    certain = [replace(e, explored=()) if isinstance(e, ShownList) else e for e in events]
    certain = [replace(e, propensities=()) if isinstance(e, ShownList) else e for e in certain]
    chosen = select_cases(built(certain), most=1_000, seed=0)
    assert len(chosen.cases) == 100
    assert chosen.left_out == {"no click": 300}


def test_later_feedback_does_not_change_a_case() -> None:
    later = [
        feedback("ada", "like", "q", 99), feedback("ada", "hide", "b", 99),
        feedback("bob", "like", "d", 99), shown("ada", "r9", 98, "d", "q"),
    ]  # fmt: skip
    before = {
        c.ranking.request_id: c for c in select_cases(built(list(EVENTS)), most=9, seed=0).cases
    }
    after = {
        c.ranking.request_id: c
        for c in select_cases(built([*EVENTS, *later]), most=9, seed=0).cases
    }
    assert before["r2"] == after["r2"]


def test_a_sample_is_stable_and_bounded() -> None:
    events = [feedback(f"u{n}", "click", "p", n) for n in range(200)]
    sample = built(events, users=20).opinions
    assert len(sample) == 20
    assert sample.keys() == built(events[::-1], users=20).opinions.keys()
    assert sample.keys() != built(events, users=20, seed=1).opinions.keys()
    assert built(events, users=20).all_users == 200


def test_bounds_and_files_of_every_format_give_a_history(tmp_path: Path) -> None:
    for name, content in (("ubi", samples.UBI), ("metarank", samples.METARANK),
                          ("personalize", samples.PERSONALIZE)):  # fmt: skip
        reads = samples.read(tmp_path / "f", name, content)
        builder = HistoryBuilder(users=5, seed=0)
        for read in reads:
            builder.add_all(r for r in read.results if not isinstance(r, samples.NOT_EVENTS))
        history = builder.build()
        assert [r.user for r in history.rankings if r.clicked] == [ADA], name
        assert isinstance(history.rankings[0], Ranking)
