"""A failing host is left alone for a while, and one bad address does not close a good host."""

import asyncio

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.hosts.host_gate import FailureKind, Host, HostFailed, HostGate
from shared.images.settings import ImageSettings
from tests.fakes.clock import FakeTime

HOST = Host("https", "images.example", 443)
OTHER_PORT = Host("https", "images.example", 8443)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def gate(time: FakeTime) -> HostGate:
    return HostGate(ImageSettings(image_circuit_failures=3), now=time)


async def fail(
    gate: HostGate, path: object, *, kind: FailureKind = "timeout", host: Host = HOST
) -> None:
    with pytest.raises(Unavailable, match="it failed"):
        async with gate.visit(host, f"https://images.example/{path}", "ana"):
            raise HostFailed("image host", "it failed", kind=kind)


async def answer_404(gate: HostGate, path: object) -> None:
    async with gate.visit(HOST, f"https://images.example/{path}", "ana") as visit:
        visit.answered()
        raise Unprocessable("http_404", "it answered 404")


async def not_resolve(gate: HostGate) -> None:
    async with gate.visit(HOST, "https://images.example/a", "ana"):
        raise Unprocessable("unknown_host", "no such host")


async def cancelled(gate: HostGate) -> None:
    async with gate.visit(HOST, "https://images.example/a", "ana"):
        raise asyncio.CancelledError


async def succeed(gate: HostGate, path: object = "good", *, host: Host = HOST) -> None:
    async with gate.visit(host, f"https://images.example/{path}", "ana"):
        pass


@pytest.mark.parametrize("kind", ["timeout", "status", "closed", "connect"])
async def test_a_host_that_fails_for_several_addresses_is_left_alone(
    gate: HostGate, kind: FailureKind
) -> None:
    for number in range(3):
        await fail(gate, number, kind=kind)
    with pytest.raises(Unavailable, match="its host has failed 3 times in a row; next attempt in"):
        await succeed(gate)
    await succeed(gate, host=OTHER_PORT)
    assert (gate.open_circuits["host"], gate.refused) == (1, 1)
    assert gate.failures == {kind: 3}


async def test_a_host_that_cannot_be_connected_to_is_left_alone_whatever_the_address(
    gate: HostGate,
) -> None:
    for _ in range(3):
        await fail(gate, "same", kind="connect")
    with pytest.raises(Unavailable, match="its host has failed 3 times"):
        await succeed(gate, "other")


async def test_one_bad_address_is_left_alone_and_its_host_is_not(gate: HostGate) -> None:
    for _ in range(3):
        await fail(gate, "bad", kind="status")
    with pytest.raises(Unavailable, match="it has failed 3 times in a row; next attempt in 10 s"):
        await succeed(gate, "bad")
    await succeed(gate, "good")
    assert gate.open_circuits == {"host": 0, "address": 1}


async def test_a_good_image_between_bad_ones_keeps_the_host_open(gate: HostGate) -> None:
    for number in range(20):
        await fail(gate, f"bad-{number}")
        if number % 2:
            await succeed(gate)
    assert gate.open_circuits["host"] == 0


async def test_an_image_that_does_not_exist_shows_that_its_host_works(gate: HostGate) -> None:
    for number in range(20):
        await fail(gate, f"bad-{number}")
        with pytest.raises(Unprocessable):
            await answer_404(gate, number)
    assert gate.open_circuits["host"] == 0


async def test_a_name_that_does_not_exist_is_neither_a_failure_nor_a_success(
    gate: HostGate,
) -> None:
    for number in range(2):
        await fail(gate, number)
    with pytest.raises(Unprocessable):
        await not_resolve(gate)
    await fail(gate, 2)
    assert gate.open_circuits["host"] == 1


async def test_after_a_while_one_image_is_tried_and_decides(gate: HostGate, time: FakeTime) -> None:
    for number in range(3):
        await fail(gate, number)
    time.now = 10.0
    async with gate.visit(HOST, "https://images.example/trial", "ana"):
        with pytest.raises(Unavailable, match="next attempt in 1 s"):
            await succeed(gate)
    await succeed(gate)
    assert gate.open_circuits["host"] == 0


async def test_a_trial_that_is_cancelled_lets_the_next_image_be_the_trial(
    gate: HostGate, time: FakeTime
) -> None:
    for number in range(3):
        await fail(gate, number)
    time.now = 10.0
    with pytest.raises(asyncio.CancelledError):
        await cancelled(gate)
    await succeed(gate)
    assert gate.open_circuits["host"] == 0
