"""Fixtures of all tests: one real Kafka and one model server for each process of the run."""

pytest_plugins = [
    "tests.support.kafka_fixtures",
    "tests.support.distribution",
    "tests.support.vllm_fixtures",
]
