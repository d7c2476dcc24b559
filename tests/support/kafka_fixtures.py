"""Fixtures of a real Kafka: started once, and stopped when pytest ends, also when it is killed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

START_TIMEOUT_SECONDS = 180.0
"""Generous, because training may run on the same machine."""
REFUSED_SOCKET: Final = (
    r"Exception ignored in. <socket\.socket fd=\d+, family=2, type=1, proto=6,"
    r" laddr=\('0\.0\.0\.0', \d+\)>"
)
"""A socket without a peer whose connection was refused. kafka-python 3.0 does not close it
(`net/inet.py`, `sock_connect`), and Python reports it in whatever test runs at that time."""
CUT_SOCKET: Final = (
    r"Exception ignored in. <socket\.socket fd=\d+, family=2, type=1, proto=6,"
    r" laddr=\('127\.0\.0\.1', \d+\), raddr=\('127\.0\.0\.1', \d+\)>"
)
"""A connection to a Kafka that ended. kafka-python 3.0 does not close a connection that still has
something to write (`net/transport.py`, `close`); with Kafka away, it is never written."""


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python 3.0 reads its schemas with a function that is deprecated in Python 3.11 and 3.12.
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is dep:DeprecationWarning")
    for left_open in (REFUSED_SOCKET, CUT_SOCKET):
        config.addinivalue_line(
            "filterwarnings", f"ignore:{left_open}:pytest.PytestUnraisableExceptionWarning"
        )


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Kafka. A test that needs it fails when it cannot start."""
    # Imported here, because a plugin is loaded before the filter above applies.
    from services.local.kafka.broker import start_local_kafka

    folder: Path = tmp_path_factory.mktemp("kafka")
    with start_local_kafka(folder, start_timeout_seconds=START_TIMEOUT_SECONDS) as running:
        yield running.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """Prefix of one test's topics and groups, so that tests do not share them."""
    return f"test-{uuid4().hex[:12]}."
