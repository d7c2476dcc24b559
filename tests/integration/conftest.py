"""Fixtures of the integration tests: the topics of one test on the common Kafka."""

import pytest

from tests.integration.cluster import Cluster


@pytest.fixture
def cluster(kafka: str, topic_prefix: str) -> Cluster:
    cluster = Cluster(kafka, topic_prefix)
    cluster.provision()
    return cluster
