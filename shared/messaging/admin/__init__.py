"""Kafka administration: create topics, and read offsets, groups and lag."""
