"""A circuit opens after failures in a row, and one trial call decides when it closes."""

import pytest

from shared.domain.limits.circuit_breaker import CircuitBreaker, Permit, Refusal, State
from tests.fakes.clock import FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def breaker(time: FakeTime) -> CircuitBreaker:
    return CircuitBreaker(failures=3, open_seconds=10, max_keys=5, now=time)


def admitted(breaker: CircuitBreaker, key: str = "host") -> Permit:
    permit = breaker.admit(key)
    assert isinstance(permit, Permit)
    return permit


def fail(breaker: CircuitBreaker, times: int, key: str = "host") -> None:
    for _ in range(times):
        breaker.failed(admitted(breaker, key))


def test_a_circuit_opens_after_failures_in_a_row(breaker: CircuitBreaker, time: FakeTime) -> None:
    fail(breaker, 3)
    time.now = 4.0
    assert breaker.admit("host") == Refusal(failures=3, retry_seconds=6.0)
    assert (breaker.state("host"), breaker.open_circuits) == (State.OPEN, 1)
    assert isinstance(breaker.admit("other"), Permit)


def test_a_success_between_failures_keeps_the_circuit_closed(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        fail(breaker, 2)
        breaker.succeeded(admitted(breaker))
    assert breaker.state("host") is State.CLOSED
    assert len(breaker) == 0


def test_failures_of_one_source_count_once(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        breaker.failed(admitted(breaker), evidence="one address")
    assert breaker.state("host") is State.CLOSED
    breaker.failed(admitted(breaker), evidence="another address")
    breaker.failed(admitted(breaker), evidence="a third address")
    assert breaker.state("host") is State.OPEN


def test_one_trial_call_is_made_and_all_others_fail_at_once(
    breaker: CircuitBreaker, time: FakeTime
) -> None:
    fail(breaker, 3)
    time.now = 10.0
    assert breaker.refusal("host") is None
    assert breaker.open_circuits == 0
    trial = admitted(breaker)
    assert trial.is_trial
    assert breaker.admit("host") == Refusal(failures=3, retry_seconds=0.0)
    assert breaker.state("host") is State.HALF_OPEN
    breaker.succeeded(trial)
    assert breaker.state("host") is State.CLOSED
    fail(breaker, 2)
    assert breaker.state("host") is State.CLOSED


def test_a_failed_trial_call_opens_the_circuit_again(
    breaker: CircuitBreaker, time: FakeTime
) -> None:
    fail(breaker, 3)
    time.now = 10.0
    breaker.failed(admitted(breaker))
    assert breaker.admit("host") == Refusal(failures=4, retry_seconds=10.0)


def test_an_abandoned_trial_call_lets_the_next_call_be_the_trial(
    breaker: CircuitBreaker, time: FakeTime
) -> None:
    fail(breaker, 3)
    time.now = 10.0
    breaker.abandoned(admitted(breaker))
    assert admitted(breaker).is_trial


def test_a_late_failure_from_before_the_opening_does_not_decide_the_trial(
    breaker: CircuitBreaker, time: FakeTime
) -> None:
    early = admitted(breaker)
    fail(breaker, 3)
    time.now = 10.0
    trial = admitted(breaker)
    breaker.failed(early)
    assert breaker.state("host") is State.HALF_OPEN
    breaker.succeeded(trial)
    assert breaker.state("host") is State.CLOSED


def test_a_late_success_from_before_the_opening_closes_the_circuit(
    breaker: CircuitBreaker,
) -> None:
    early = admitted(breaker)
    fail(breaker, 3)
    breaker.succeeded(early)
    assert breaker.state("host") is State.CLOSED


def test_late_failures_do_not_keep_an_open_circuit_open_for_longer(
    breaker: CircuitBreaker, time: FakeTime
) -> None:
    early = [admitted(breaker) for _ in range(20)]
    for permit in early:
        breaker.failed(permit)
        time.now += 0.4
    time.now = 11.0
    assert admitted(breaker).is_trial


def test_the_stored_circuits_are_bounded(breaker: CircuitBreaker) -> None:
    for number in range(100):
        breaker.failed(admitted(breaker, f"host {number}"))
    assert len(breaker) == 5
