"""What every test may use: the one real Kafka and the one model server of its process."""

pytest_plugins = ["tests.kafka_fixtures", "tests.shared_run", "tests.vllm_fixtures"]
