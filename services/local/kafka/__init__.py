"""Run a real Apache Kafka on this machine: one node, no Docker, no installed Java."""
