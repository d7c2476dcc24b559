"""A run says before it starts what is short, and ends within its time."""

from training.finetuning.run.limits import (
    GIGABYTE,
    Machine,
    Needs,
    out_of_time,
    reason_not_to_start,
)

NANO = Needs(weights=12_000_000, memory_factor=2, adapter=4_000_000, with_reward_model=True)
ROOMY = Machine(disk=10 * GIGABYTE, memory=10 * GIGABYTE)


def test_a_machine_with_room_is_no_reason_not_to_start() -> None:
    assert reason_not_to_start(ROOMY, NANO, spare=1) is None


def test_what_is_short_is_named_with_what_it_takes() -> None:
    no_disk = reason_not_to_start(Machine(GIGABYTE, ROOMY.memory), NANO, spare=1)
    assert no_disk is not None
    assert "1.0 GB of disk" in no_disk
    no_memory = reason_not_to_start(Machine(ROOMY.disk, GIGABYTE), NANO, spare=1)
    assert no_memory is not None
    assert "memory" in no_memory


def test_a_large_model_with_its_judge_does_not_fit_a_small_machine() -> None:
    seven = Needs(
        weights=16 * GIGABYTE, memory_factor=1, adapter=GIGABYTE // 3, with_reward_model=True
    )
    assert reason_not_to_start(ROOMY, seven, spare=0) is not None
    alone = Needs(
        weights=16 * GIGABYTE, memory_factor=1, adapter=GIGABYTE // 3, with_reward_model=False
    )
    assert alone.memory < seven.memory
    assert alone.disk < seven.disk


def test_a_step_that_would_end_too_late_is_not_begun() -> None:
    assert not out_of_time(spent=50, longest_step=10, budget=60)
    assert out_of_time(spent=51, longest_step=10, budget=60)
    assert not out_of_time(spent=1e9, longest_step=10, budget=None)
