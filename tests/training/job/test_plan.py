"""A night that cannot help is not trained, and says why; time is shared out and never overdrawn."""

from pathlib import Path

import pytest

from shared.jobs.training_job import JobStep
from training.job.evidence.deadline import Turn
from training.job.plan import (
    CONTROLLED_PAIRS,
    EVIDENCE_SHARE,
    ROOM,
    Speed,
    grpo_seconds,
    heard_scores,
    minutes_needed,
    share_out,
    short_of_room,
    too_little_data,
)
from training.job.stages import Budget, Stages


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
    quick = Speed(opening=2.0, score=0.01)
    shares = share_out(600.0, quick)
    assert shares.sft + shares.grpo + shares.evidence == pytest.approx(600)
    assert shares.evidence == pytest.approx(EVIDENCE_SHARE * 600)
    assert min(shares.sft, shares.grpo) > quick.starting


def test_a_slow_machine_keeps_the_time_of_a_verdict_free() -> None:
    slow = Speed(opening=10.0, score=0.04)
    shares = share_out(350.0, slow)
    assert shares.evidence >= slow.verdict
    assert (shares.sft, shares.grpo) == (pytest.approx(350 - shares.evidence), 0.0)


def test_where_a_verdict_takes_all_the_time_nothing_is_trained() -> None:
    slow = Speed(opening=10.0, score=0.04)
    assert share_out(200.0, slow).sft == 0.0
    left = 60 * minutes_needed(100.0, slow) - 100.0
    assert share_out(left, slow).sft > 0


def test_grpo_has_what_sft_left_and_never_the_evidences_time() -> None:
    speed = Speed(opening=2.0, score=0.02)
    assert grpo_seconds(400.0, speed) == pytest.approx(400 - ROOM * max(
        speed.verdict, EVIDENCE_SHARE * 400 / ROOM
    ))  # fmt: skip
    assert grpo_seconds(ROOM * speed.verdict + 40.0, speed) == 0.0
    assert grpo_seconds(400.0, speed, starting=250.0) == 0.0  # SFT was that long in starting


def test_a_part_begins_no_batch_that_would_end_after_its_time() -> None:
    now = [0.0]
    turn = Turn(lambda: now[0], end=10.0)
    begun = 0
    while not turn():
        begun += 1
        now[0] += 4.0
    assert (begun, now[0]) == (2, 8.0)


def test_a_first_batch_that_was_long_does_not_count_for_ever() -> None:
    now = [0.0]
    turn = Turn(lambda: now[0], end=20.0)
    took = iter([8.0, *[1.0] * 30])
    while not turn():
        now[0] += next(took)
    assert now[0] == 20.0


def test_controls_take_scores_on_their_pairs_alone() -> None:
    assert heard_scores(200, controlled=CONTROLLED_PAIRS) == 1_600
    assert heard_scores(500, controlled=CONTROLLED_PAIRS) == 500 * 4 + 200 * 4
    assert heard_scores(500, controlled=0) == 2_000


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
    heard: list[JobStep] = []
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
