"""The checks of the demo can fail: they detect a wrong order and clicks without effect."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from services.cli.demo.checks import (
    Misplaced,
    mean_rise,
    misplaced,
    share_by_look,
    share_by_subject,
    share_of_right_pairs,
)
from services.cli.demo.report import as_json, check_lines, feed_listing, mean_right, weight_line
from services.cli.demo.scenario import Scenario, ScenarioResult
from shared.domain.taste import Taste
from shared.events import Evidence, ProfileUpdated, RankedFeed, RankedItem

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def _item(
    name: str, rank: int, look: float | None = None, subject: float | None = None
) -> RankedItem:
    total = None if subject is None else 5 * subject
    return RankedItem(
        image_id=name, rank=rank, score=look, subject=subject, score_total=total, elements=None,
        tier="fallback",
    )  # fmt: skip


def _feed(*names: str) -> RankedFeed:
    return _feed_of(*(_item(name, rank) for rank, name in enumerate(names, start=1)))


def _feed_of(*items: RankedItem, subject_weight: float | None = None) -> RankedFeed:
    return RankedFeed(
        event_id=UUID(int=1), occurred_at=NOW, user_id="u",
        request_id="r", status="ok", items=items, profile_version=1, model_version="m",
        subject_weight=subject_weight,
    )  # fmt: skip


def test_the_right_order_gives_one_and_the_wrong_order_zero() -> None:
    feed = _feed("a", "b", "x", "y")
    assert share_of_right_pairs(feed, above={"a", "b"}, below={"x", "y"}) == 1.0
    assert share_of_right_pairs(feed, above={"x", "y"}, below={"a", "b"}) == 0.0
    assert share_of_right_pairs(feed, above={"b"}, below={"a", "x"}) == 0.5


def test_no_pairs_give_zero() -> None:
    assert share_of_right_pairs(_feed("a"), above={"a"}, below={"missing"}) == 0.0


def test_the_rise_is_the_mean_change_in_rank() -> None:
    before, after = _feed("a", "b", "c"), _feed("c", "a", "b")
    assert mean_rise(before, after, of={"c"}) == 2.0
    assert mean_rise(before, after, of={"a", "b"}) == -1.0
    assert mean_rise(before, before, of={"a"}) == 0.0


def test_the_look_and_the_subject_alone_give_other_shares_and_equal_scores_count_half() -> None:
    feed = _feed_of(
        _item("a", 1, look=10.0, subject=5.0), _item("b", 2, look=8.0, subject=4.0),
        _item("x", 3, look=10.0, subject=1.0), _item("y", 4, look=9.0, subject=0.0),
    )  # fmt: skip
    sides = {"above": {"a", "b"}, "below": {"x", "y"}}
    assert share_by_subject(feed, **sides) == 1.0
    assert share_by_look(feed, **sides) == 1.5 / 4
    assert share_by_subject(_feed("a", "b", "x", "y"), **sides) is None


def test_misplaced_images_are_named_with_their_rank() -> None:
    feed = _feed("a", "x", "b", "c", "y")
    assert misplaced(feed, above={"a", "b", "c"}, below={"x", "y"}) == [Misplaced("x", 2, 2)]


def _result(feed: RankedFeed, wanted: set[str], unwanted: set[str]) -> ScenarioResult:
    profile = ProfileUpdated(
        event_id=UUID(int=2), occurred_at=NOW, user_id="u", profile_version=1, model_version="m",
        preference=Taste().preference, non_preference=Taste().non_preference,
        evidence=Evidence(liked=5, disliked=5),
    )  # fmt: skip
    scenario = Scenario(
        name="birds", title="Birds", text="They sing.", liked=(Path("1.png"),), disliked=(),
        slate=(Path("a"), Path("x")), wanted=frozenset(wanted), unwanted=frozenset(unwanted),
    )  # fmt: skip
    return ScenarioResult(scenario, "u", profile, feed)


def test_a_report_says_what_is_wrong_and_what_each_score_alone_would_reach() -> None:
    feed = _feed_of(
        _item("a", 1, look=3.0, subject=5.0), _item("x", 2, look=2.0, subject=4.0),
        _item("b", 3, look=1.0, subject=1.0), subject_weight=1.0,
    )  # fmt: skip
    result = _result(feed, {"a", "b"}, {"x"})
    right, wrong = check_lines(result)
    assert "50% of the pairs" in right
    assert "look alone: 50%; subject alone: 50%" in right
    assert wrong == "wrong: x has rank 2, above 1 of the liked pictures"
    assert as_json(result)["wrong"] == ["x"]
    assert mean_right([result]) == 0.5
    assert feed_listing(result).rows[1] == ["2", "x", "20.0", "2.0", "4.0", "disliked"]


def test_a_feed_of_unknown_truth_or_without_subjects_is_reported_as_such() -> None:
    result = _result(_feed("a", "x"), set(), set())
    assert check_lines(result) == []
    assert mean_right([result]) is None
    assert as_json(result)["right_pairs"] is None
    assert weight_line(result) == "this feed is ranked by the look alone"
    cold = _feed("a", "x").model_copy(update={"status": "cold_start"})
    assert "no word of this taste is sure" in weight_line(_result(cold, set(), set()))
    assert feed_listing(result).rows[0] == ["1", "a", "-", "-", "-"]
