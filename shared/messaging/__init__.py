"""Kafka: publish, consume, read, and administer topics."""
