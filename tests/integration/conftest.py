"""What tests of several files need: a cluster with topics of their own on the one Kafka."""

import pytest

from tests.integration.cluster import Cluster


@pytest.fixture
def cluster(kafka: str, topic_prefix: str) -> Cluster:
    made = Cluster(kafka, topic_prefix)
    made.provision()
    return made
