"""Unit tests of messaging without a Kafka: windows, retries, dead letters, bounded reads."""
