"""Tests of messaging, dead letters and the cluster state on a real Kafka."""
