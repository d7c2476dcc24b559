"""One module a format: turn our events into its rows."""
