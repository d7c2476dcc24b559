"""Run Kafka and every service on one machine, in one process and its Java."""
