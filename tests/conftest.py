"""What every test may use: the one real Kafka and the one model server of the run."""

pytest_plugins = ["tests.kafka_fixtures", "tests.vllm_fixtures"]
