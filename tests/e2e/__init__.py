"""End-to-end tests: the whole system, started as users start it."""
