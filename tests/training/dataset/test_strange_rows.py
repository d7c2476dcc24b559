"""Invalid records, any text in metadata and a clock that was set back do not end a build."""

from datetime import timedelta
from pathlib import Path

from shared.events import Feedback, ImageCandidates, RankedFeed
from tests.training.dataset.cases import ranks
from tests.training.dataset.world import NOW, SHOWN, World


def test_invalid_records_of_every_kind_do_not_end_a_build(world: World, tmp_path: Path) -> None:
    for value in (b"{", b"not JSON", b"\xff", b'{"items": [', None, b"[1]", b'"' + b"\\u0000" * 9):
        for kind in (Feedback, RankedFeed, ImageCandidates):
            world.raw(kind, value)
    world.slate("ab")
    world.act("view", "a", "b")
    world.act("click", "b")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_unusual_values_of_valid_events_do_not_end_a_build(world: World, tmp_path: Path) -> None:
    strange = {"nul": "a\x00b", "big": 10**30, "small": -1.5e-300, "text": "\u2028 \U0001f600"}
    world.add(
        ImageCandidates, SHOWN, user_id="ada", request_id="other",
        candidates=[
            {"image_id": "x", "uri": "mem:x", "prompt": "\x00" * 9, "metadata": strange}
        ],
    )  # fmt: skip
    world.slate("ab")
    world.act("view", "a", "b")
    world.act("click", "b")
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}


def test_feedback_after_the_clock_was_set_back_is_used_and_the_latest_counts(
    world: World, tmp_path: Path
) -> None:
    world.slate("abc", at=SHOWN)
    world.act("view", *"abc", at=SHOWN + timedelta(minutes=1))
    world.act("like", "b", at=SHOWN + timedelta(minutes=2))
    # The clock is set back an hour.
    world.act("dislike", "b", at=SHOWN - timedelta(minutes=57))
    world.act("like", "c", at=SHOWN - timedelta(minutes=56))
    world.build(tmp_path)
    assert ranks(tmp_path) == {(3, 1), (3, 2), (1, 2)}


def test_records_of_the_hour_that_a_clock_repeats_are_in_the_window(
    world: World, tmp_path: Path
) -> None:
    later = NOW + timedelta(minutes=50)
    world.slate("ab", at=later)
    world.act("view", "a", "b", at=later)
    world.act("click", "b", at=later)
    world.build(tmp_path)
    assert ranks(tmp_path) == {(2, 1)}
