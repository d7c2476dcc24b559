"""Unit tests of the retrain service, without Kafka and MLflow."""
