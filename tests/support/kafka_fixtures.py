"""A real Kafka for the tests that want one: started once, ended with pytest however it ends."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

START_TIMEOUT_SECONDS = 180.0
"""Longer than a person would wait: tests run beside trainings."""


def pytest_configure(config: pytest.Config) -> None:
    # kafka-python 3.0 reads its schemas in a way that Python 3.11 and 3.12 call deprecated.
    config.addinivalue_line("filterwarnings", "ignore:(read|open)_text is dep:DeprecationWarning")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Kafka. A test that needs it fails when it cannot start."""
    # Here, not above: plugins are loaded before the filter above is in force.
    from services.local.kafka.broker import start_local_kafka

    folder: Path = tmp_path_factory.mktemp("kafka")
    with start_local_kafka(folder, start_timeout_seconds=START_TIMEOUT_SECONDS) as running:
        yield running.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """Starts the names of one test's topics and groups, so that tests do not meet."""
    return f"test-{uuid4().hex[:12]}."
