"""One module a format: turn one row into events, purely."""
