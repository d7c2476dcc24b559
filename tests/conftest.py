"""What every test may use: the one real Kafka of the run."""

pytest_plugins = ["tests.kafka_fixtures"]
