"""Contract tests: frozen events and prompts; one suite for all implementations of a protocol."""
