"""The local Kafka keeps its ports while they are free, and never starts on a taken port."""

import socket

import pytest

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.ports import Ports, choose_ports, is_free

LAST = Ports(broker=20_001, controller=20_002)


def chosen(*, requested: int | None = None, saved: Ports | None = LAST, taken: set[int]) -> Ports:
    return choose_ports(
        requested=requested,
        saved=saved,
        is_free=lambda port: port not in taken,
        candidates=range(30_000, 30_004),
    )


def test_a_restart_gets_the_ports_of_the_last_run() -> None:
    assert chosen(taken=set()) == LAST


def test_a_saved_port_that_is_taken_is_replaced() -> None:
    assert chosen(taken={20_001, 30_000}) == Ports(broker=30_001, controller=20_002)
    assert chosen(taken={20_002}) == Ports(broker=20_001, controller=30_000)


def test_a_new_folder_gets_two_different_free_ports() -> None:
    assert chosen(saved=None, taken={30_001}) == Ports(broker=30_000, controller=30_002)


def test_a_requested_port_is_used_even_if_it_was_the_controllers() -> None:
    assert chosen(requested=20_002, taken=set()) == Ports(broker=20_002, controller=30_000)


def test_a_requested_port_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(KafkaDidNotStart, match=r"port 9092 is taken.*leave the port out"):
        chosen(requested=9092, taken={9092})


def test_no_free_port_is_an_error() -> None:
    with pytest.raises(KafkaDidNotStart, match="no free port"):
        chosen(saved=None, taken=set(range(30_000, 30_004)))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_with_a_listener_is_not_free(address: str) -> None:
    with socket.socket() as listener:
        listener.bind((address, 0))
        listener.listen()
        assert not is_free(listener.getsockname()[1])
