"""Tests of the retrain service on a real Kafka, Delta Lake and MLflow."""
