"""Integration tests: one adapter or service with a real server."""
