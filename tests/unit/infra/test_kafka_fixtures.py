"""The filter for kafka-python's refused sockets matches these and no other socket."""

import re
import select
import socket
import warnings

import pytest

from tests.support.kafka_fixtures import REFUSED_SOCKET


def _tcp_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setblocking(False)
    return made


def _refuse(client: socket.socket) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = closed.getsockname()
    client.connect_ex(address)
    select.select([], [client], [], 10)
    assert client.connect_ex(address) != 0


def test_a_refused_socket_matches() -> None:
    with _tcp_socket() as client:
        _refuse(client)
        assert re.match(REFUSED_SOCKET, f"Exception ignored in: {client!r}")


def test_a_connected_socket_does_not_match() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, _tcp_socket() as client:
        client.connect_ex(server.getsockname())
        select.select([], [client], [], 10)
        assert client.connect_ex(server.getsockname()) == 0 or client.getpeername()
        assert not re.match(REFUSED_SOCKET, f"Exception ignored in: {client!r}")


def test_pytest_ignores_the_warning_about_a_refused_socket() -> None:
    with _tcp_socket() as client:
        _refuse(client)
        text = f"Exception ignored in: {client!r}"
    warnings.warn(pytest.PytestUnraisableExceptionWarning(text), stacklevel=1)
    with pytest.raises(pytest.PytestUnraisableExceptionWarning):
        warnings.warn(pytest.PytestUnraisableExceptionWarning("another"), stacklevel=1)
