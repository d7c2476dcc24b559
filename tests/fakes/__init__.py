"""Fakes for tests: Kafka, models, stores, images and an embedder, all in memory."""
