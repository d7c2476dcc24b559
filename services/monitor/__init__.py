"""Monitor service: exports lag, offsets and group members of the Kafka cluster."""
