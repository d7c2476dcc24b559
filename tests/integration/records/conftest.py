"""A Kafka of these tests alone: they damage its files and stop it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.integration.cluster import Cluster
from tests.support.kafka_fixtures import START_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from services.local.kafka.broker import LocalKafka


@pytest.fixture(scope="session")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator["LocalKafka"]:
    # Imported here, because a conftest is loaded before the filters of warnings apply.
    from services.local.kafka.broker import start_local_kafka

    folder = tmp_path_factory.mktemp("own-kafka")
    with start_local_kafka(folder, start_timeout_seconds=START_TIMEOUT_SECONDS) as kafka:
        yield kafka


@pytest.fixture
def own_cluster(own_kafka: "LocalKafka", topic_prefix: str) -> Cluster:
    """The topics of one test on that Kafka."""
    cluster = Cluster(own_kafka.bootstrap, topic_prefix)
    cluster.provision()
    return cluster
