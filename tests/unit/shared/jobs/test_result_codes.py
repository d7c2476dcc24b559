"""The codes of a job's end are complete, and each has a meaning."""

from typing import get_args

from shared.jobs.result_codes import (
    INCONCLUSIVE,
    MEANINGS,
    NEEDS_REPAIR,
    GateCode,
    JobCode,
    TrainingCode,
    job_code,
)


def test_every_code_has_a_meaning_and_every_meaning_has_a_code() -> None:
    assert set(MEANINGS) == set(get_args(JobCode))


def test_the_codes_of_training_and_gate_are_codes_of_a_job() -> None:
    assert {*get_args(TrainingCode), *get_args(GateCode)} <= set(get_args(JobCode))


def test_a_code_that_needs_a_repair_is_inconclusive() -> None:
    assert NEEDS_REPAIR < INCONCLUSIVE
    assert {"better", "worse", "too_little_data"}.isdisjoint(INCONCLUSIVE)


def test_a_part_without_a_code_of_its_own_counts_as_the_machine() -> None:
    assert (job_code("kafka"), job_code("image host")) == ("kafka", "machine")
