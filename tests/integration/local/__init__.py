"""Tests of the Kafka that runs on the user's own machine."""
