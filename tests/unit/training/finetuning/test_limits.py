"""A run names what the machine lacks before it starts, and stops within its time budget."""

from training.finetuning.run.limits import (
    GIGABYTE,
    Machine,
    Needs,
    out_of_time,
    reason_not_to_start,
)

NANO = Needs(weights=12_000_000, memory_factor=2, adapter=4_000_000, with_reward_model=True)
TEN_GIGABYTES = Machine(disk=10 * GIGABYTE, memory=10 * GIGABYTE)


def test_a_run_can_start_on_a_machine_with_enough_disk_and_memory() -> None:
    assert reason_not_to_start(TEN_GIGABYTES, NANO, spare=1) is None


def test_the_reason_names_the_resource_that_is_too_small_and_its_size() -> None:
    no_disk = reason_not_to_start(Machine(GIGABYTE, TEN_GIGABYTES.memory), NANO, spare=1)
    assert no_disk is not None
    assert "1.0 GB of disk" in no_disk
    no_memory = reason_not_to_start(Machine(TEN_GIGABYTES.disk, GIGABYTE), NANO, spare=1)
    assert no_memory is not None
    assert "memory" in no_memory


def test_a_large_model_with_a_reward_model_does_not_fit_ten_gigabytes() -> None:
    with_it = Needs(
        weights=16 * GIGABYTE, memory_factor=1, adapter=GIGABYTE // 3, with_reward_model=True
    )
    assert reason_not_to_start(TEN_GIGABYTES, with_it, spare=0) is not None
    without = Needs(
        weights=16 * GIGABYTE, memory_factor=1, adapter=GIGABYTE // 3, with_reward_model=False
    )
    assert without.memory < with_it.memory
    assert without.disk < with_it.disk


def test_a_step_that_would_exceed_the_budget_does_not_start() -> None:
    assert not out_of_time(spent=50, longest_step=10, budget=60)
    assert out_of_time(spent=51, longest_step=10, budget=60)
    assert not out_of_time(spent=1e9, longest_step=10, budget=None)
