"""Fixtures of all tests: one real Kafka and one model server for each process of the run."""

import os

# The test runner sets it in its processes; a command would then wrap its messages.
os.environ.pop("COLUMNS", None)

pytest_plugins = [
    "tests.support.kafka_fixtures",
    "tests.support.distribution",
    "tests.support.vllm_fixtures",
]
