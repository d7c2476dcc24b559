"""A job that cannot succeed is not trained; its time is divided between the stages and kept."""

from pathlib import Path

import pytest

from shared.jobs.training_job import JobStep
from training.job.plan import (
    CONTROLLED_PAIRS,
    EVIDENCE_SHARE,
    MIN_TRAINING_SECONDS,
    SAFETY_FACTOR,
    MachineTimings,
    disk_shortage,
    feedback_scores,
    method_seconds,
    minutes_needed,
    too_few_later_pairs,
    too_little_data,
)
from training.job.scoring.deadline import Deadline
from training.job.stages import Budget, Stages


@pytest.mark.parametrize(
    ("counts", "users", "phrase"),
    [
        ({}, 0, "0 pairs of 0 held-out users"),
        ({"held_out": 1, "train": 9}, 1, "1 pair of 1 held-out user"),
        ({"held_out": 500, "train": 900}, 49, "500 pairs of 49 held-out users"),
        ({"held_out": 199, "train": 900}, 60, "200 pairs of 50 users are needed"),
        ({"held_out": 500, "train": 99}, 60, "99 pairs, and 100 are needed"),
    ],
)
def test_too_little_data_is_reported_with_numbers(
    counts: dict[str, int], users: int, phrase: str
) -> None:
    reason = too_little_data(counts, held_out_users=users, least_users=50, least_pairs=200)
    assert reason is not None
    assert phrase in reason


def test_enough_data_gives_no_reason() -> None:
    counts = {"held_out": 200, "train": 100}
    assert too_little_data(counts, held_out_users=50, least_users=50, least_pairs=200) is None


def test_the_methods_divide_the_time_that_the_evidence_leaves() -> None:
    quick = MachineTimings(open_model=2.0, score=0.01)
    first = method_seconds(600.0, quick, methods_left=2)
    assert first == pytest.approx((1 - EVIDENCE_SHARE) * 600 / 2)
    assert method_seconds(600.0, quick, methods_left=3) == pytest.approx(first * 2 / 3)
    assert method_seconds(600.0, quick, methods_left=1) == pytest.approx(first * 2)


def test_a_slow_machine_reserves_the_time_of_a_verdict_and_trains_with_one_method() -> None:
    slow = MachineTimings(open_model=10.0, score=0.04)
    training = 350 - SAFETY_FACTOR * slow.verdict
    assert training / 2 < slow.start_training + MIN_TRAINING_SECONDS < training
    assert method_seconds(350.0, slow, methods_left=2) == pytest.approx(training)


def test_without_time_besides_the_verdict_nothing_is_trained() -> None:
    slow = MachineTimings(open_model=10.0, score=0.04)
    assert method_seconds(200.0, slow, methods_left=1) == 0.0
    left = 60 * minutes_needed(100.0, slow) - 100.0
    assert method_seconds(left, slow, methods_left=1) > 0


def test_a_method_does_not_start_where_an_earlier_one_took_too_long_to_start() -> None:
    timings = MachineTimings(open_model=2.0, score=0.02)
    assert method_seconds(400.0, timings, methods_left=1) > 0
    assert method_seconds(400.0, timings, methods_left=1, slowest_start=250.0) == 0.0


def test_no_batch_starts_that_would_end_after_the_deadline() -> None:
    now = [0.0]
    is_late = Deadline(lambda: now[0], end=10.0)
    batches = 0
    while not is_late():
        batches += 1
        now[0] += 4.0
    assert (batches, now[0]) == (2, 8.0)


def test_a_long_first_batch_is_forgotten_after_some_batches() -> None:
    now = [0.0]
    is_late = Deadline(lambda: now[0], end=20.0)
    seconds = iter([8.0, *[1.0] * 30])
    while not is_late():
        now[0] += next(seconds)
    assert now[0] == 20.0


def test_controls_take_scores_on_their_pairs_only() -> None:
    assert feedback_scores(200, controlled=CONTROLLED_PAIRS) == 1_600
    assert feedback_scores(500, controlled=CONTROLLED_PAIRS) == 500 * 4 + 200 * 4
    assert feedback_scores(500, controlled=0) == 2_000


def test_a_full_disk_is_reported_before_anything_is_written() -> None:
    assert disk_shortage(free=3, needed=2) is None
    assert "0.0 GB of disk are free" in str(disk_shortage(free=1, needed=2 * 10**9))


def test_the_budget_counts_every_resumption(tmp_path: Path) -> None:
    now = [100.0]
    first = Budget(tmp_path, seconds=60, clock=lambda: now[0])
    now[0] += 25
    first.save(now=True)
    now[0] = 7.0  # another process, another clock
    second = Budget(tmp_path, seconds=60, clock=lambda: now[0])
    now[0] += 10
    assert (second.spent, second.left) == (35, 25)
    now[0] += 100
    assert second.left == 0


def test_a_finished_stage_is_not_repeated(tmp_path: Path) -> None:
    steps: list[JobStep] = []
    stages = Stages(tmp_path, Budget(tmp_path, seconds=60), steps.append)
    runs = []

    def work() -> dict[str, int]:
        runs.append(1)
        return {"kept": 3}

    assert stages.once("2-examples", work)["kept"] == 3
    assert stages.once("2-examples", work)["kept"] == 3
    assert (len(runs), list(stages.seconds())) == (1, ["2-examples"])
    assert steps[-1].text == "was done before"


def test_a_failed_stage_leaves_no_marker(tmp_path: Path) -> None:
    stages = Stages(tmp_path, Budget(tmp_path, seconds=60), lambda step: None)

    def fail() -> dict[str, int]:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        stages.once("1-dataset", fail)
    assert stages.seconds() == {}


def test_several_orders_of_references_reserve_more_time_for_the_evidence() -> None:
    one, five = (MachineTimings(open_model=2.0, score=0.02, orders=orders) for orders in (1, 5))
    assert five.verdict == pytest.approx(one.verdict + 4 * 900 * 0.02)


def test_pairs_that_no_night_can_judge_end_the_job_before_it_trains() -> None:
    assert too_few_later_pairs(200, earlier_pairs=0, least_pairs=200) is None
    assert "150 pairs" in str(too_few_later_pairs(150, earlier_pairs=0, least_pairs=200))
    assert too_few_later_pairs(3, earlier_pairs=400, least_pairs=200) is None
    assert "last night" in str(too_few_later_pairs(0, earlier_pairs=400, least_pairs=200))
