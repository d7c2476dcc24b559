"""Slates and feedback become pairs; what is not used is counted by reason."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from shared.events import Feedback, RankedFeed
from tests.training.dataset.cases import lines, ranks
from tests.training.dataset.world import NOW, SHOWN, FakeImages, World
from training.dataset.build import build
from training.dataset.lake import UnreadableLake
from training.dataset.settings import DatasetSettings


def test_an_empty_lake_gives_an_empty_dataset_and_a_reason(world: World, tmp_path: Path) -> None:
    dataset = world.build(tmp_path / "d", DatasetSettings())
    assert dataset.counts == {"train": 0, "later": 0, "held_out": 0}
    assert dataset.report.verdict.startswith("There is no usable pair")
    assert lines(tmp_path / "d") == []


def test_only_viewed_images_make_pairs(world: World, tmp_path: Path) -> None:
    world.slate("abcd")
    world.act("view", "a", "b", "c")
    world.act("click", "c")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(3, 1), (3, 2)}


def test_stronger_feedback_wins_and_the_latest_counts(world: World, tmp_path: Path) -> None:
    world.slate("abcd")
    world.act("view", *"abcd")
    world.act("click", "a")
    world.act("like", "b")
    world.act("like", "d", at=SHOWN + timedelta(minutes=1))
    world.act("dislike", "d", at=SHOWN + timedelta(minutes=2))
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1), (2, 3), (2, 4), (1, 3), (1, 4), (3, 4)}


def test_a_click_with_a_short_dwell_is_a_view(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.act("view", "a", "b")
    world.act("click", "a")
    world.act("dwell", "a", dwell_ms=300)
    world.build(tmp_path)
    assert lines(tmp_path) == []


def test_a_late_click_is_joined_with_its_slate_in_the_next_build(
    world: World, tmp_path: Path
) -> None:
    world.slate("ab", at=NOW - timedelta(days=20))
    world.act("view", "a", "b", at=NOW - timedelta(days=20))
    world.build(tmp_path)
    assert lines(tmp_path) == []
    world.act("click", "b", at=NOW - timedelta(hours=1))
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_duplicate_events_count_once(world: World, tmp_path: Path) -> None:
    for _ in range(2):
        world.slate("ab")
        event = str(uuid4())
        for _ in range(2):
            world.act("view", "a", "b")
            world.act("click", "b", event_id=event)
    report = world.build(tmp_path).report
    assert len(lines(tmp_path)) == 1
    assert report.slates["served"] == 1
    assert report.slates["repeated"] == 1


def test_each_unused_event_is_counted_by_its_reason(world: World, tmp_path: Path) -> None:
    world.slate("abc")
    world.slate("xyz", user="bob", request="r-bob")
    world.act("view", "a", "b")
    world.act("click", "b")
    world.act("click", "c")
    world.act("click", "nowhere")
    world.act("click", "x", request="r-bob")
    world.act("click", "x", request="never served")
    world.act("like", "x", request=None)
    world.act("reference_like", "x", request=None)
    world.raw(Feedback, b"{")
    world.raw(RankedFeed, None)
    report = world.build(tmp_path).report
    assert report.feedback == {
        "names_no_slate": 1,
        "on_a_slate_of_another_user": 1,
        "on_an_image_not_in_the_slate": 1,
        "on_an_image_not_viewed": 1,
        "on_an_unknown_slate": 1,
        "stated_reference": 1,
        "used": 3,
    }
    assert report.refused == {"feeds: no_value": 1, "feedback: not_json": 1}
    assert report.slates["without_feedback"] == 1
    assert ranks(tmp_path) == {(2, 1)}


def test_without_view_events_only_images_with_feedback_make_pairs(
    world: World, tmp_path: Path
) -> None:
    world.slate("abc")
    world.act("click", "b")
    world.act("hide", "c")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 3)}


def test_another_user_cannot_hide_an_event_by_reusing_its_id(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    event = str(uuid4())
    world.act("view", "z", user="mallory", event_id=event, at=SHOWN)
    world.act("view", "a", "b")
    world.act("click", "b", event_id=event)
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_pairs_of_copies_and_of_missing_images_are_excluded(world: World, tmp_path: Path) -> None:
    world.slate(["a", "a?resized", "gone-1", "b"])
    world.act("view", "a", "a?resized", "gone-1", "b")
    world.act("like", "a")
    report = world.build(tmp_path).report
    assert ranks(tmp_path) == {(1, 4)}
    assert report.excluded["same_image"] == 1
    assert report.excluded["missing_image"] == 1
    assert report.images_rejected == {"not_found": 1}
    for line in lines(tmp_path):
        assert (tmp_path / line["better"]).exists()


def test_a_corrupt_table_is_named_and_nothing_is_written(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.act("view", "a", "b")
    world.write()
    for file in (world.lake / "feedback").rglob("*.parquet"):
        file.write_bytes(b"\0garbage")
    with pytest.raises(UnreadableLake, match=r"lake/feedback cannot be read.*copy"):
        build(str(world.lake), tmp_path / "d", FakeImages(), now=NOW)
    assert list((tmp_path / "d").iterdir()) == []


def test_a_missing_file_is_named(world: World, tmp_path: Path) -> None:
    world.slate("ab")
    world.write()
    for file in (world.lake / "feeds").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(UnreadableLake, match="lake/feeds cannot be read"):
        build(str(world.lake), tmp_path / "d", FakeImages(), now=NOW)
