"""Tests of the profile service on a real Kafka, with real image sources."""
