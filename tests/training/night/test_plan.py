"""A night that cannot help is not trained, and says why; time is shared out and never overdrawn."""

from pathlib import Path

import pytest

from shared.night import NightStep
from training.night.plan import (
    START_SECONDS,
    share_out,
    short_of_room,
    too_little_data,
    training_seconds,
)
from training.night.stages import Budget, Stages


@pytest.mark.parametrize(
    ("counts", "people", "told"),
    [
        ({}, 0, "0 pairs of 0 held-out people"),
        ({"held_out": 1, "train": 9}, 1, "1 pair of 1 held-out person"),
        ({"held_out": 500, "train": 900}, 49, "500 pairs of 49 held-out people"),
        ({"held_out": 199, "train": 900}, 60, "200 pairs of 50 people are needed"),
        ({"held_out": 500, "train": 99}, 60, "99 pairs, where 100 are needed"),
    ],
)
def test_too_little_data_is_said_with_figures(
    counts: dict[str, int], people: int, told: str
) -> None:
    reason = too_little_data(counts, held_out_users=people, least_users=50, least_pairs=200)
    assert reason is not None
    assert told in reason


def test_enough_data_is_no_reason() -> None:
    counts = {"held_out": 200, "train": 100}
    assert too_little_data(counts, held_out_users=50, least_users=50, least_pairs=200) is None


def test_the_parts_take_no_more_than_there_is() -> None:
    shares = share_out(600.0)
    assert shares.sft + shares.grpo + shares.evidence == pytest.approx(600)
    assert training_seconds(shares.sft) == pytest.approx(shares.sft - START_SECONDS)
    assert training_seconds(START_SECONDS + 29) is None
    assert training_seconds(200, overhead=180) is None


def test_a_full_disk_is_said_before_anything_is_written() -> None:
    assert short_of_room(free_disk=3, needed_disk=2) is None
    assert "0.0 GB of disk are free" in str(short_of_room(free_disk=1, needed_disk=2 * 10**9))


def test_the_budget_counts_every_resumption(tmp_path: Path) -> None:
    now = [100.0]
    first = Budget(tmp_path, seconds=60, clock=lambda: now[0])
    now[0] += 25
    first.keep(now=True)
    now[0] = 7.0  # another process, another clock
    second = Budget(tmp_path, seconds=60, clock=lambda: now[0])
    now[0] += 10
    assert (second.spent, second.left) == (35, 25)
    now[0] += 100
    assert second.left == 0


def test_a_stage_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    heard: list[NightStep] = []
    stages = Stages(tmp_path, Budget(tmp_path, seconds=60), heard.append)
    runs = []

    def work() -> dict[str, int]:
        runs.append(1)
        return {"kept": 3}

    assert stages.once("2-examples", work)["kept"] == 3
    assert stages.once("2-examples", work)["kept"] == 3
    assert (len(runs), list(stages.seconds())) == (1, ["2-examples"])
    assert heard[-1].text == "was done before"


def test_a_stage_that_failed_leaves_no_marker(tmp_path: Path) -> None:
    stages = Stages(tmp_path, Budget(tmp_path, seconds=60), lambda step: None)

    def fail() -> dict[str, int]:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        stages.once("1-dataset", fail)
    assert stages.seconds() == {}
