"""Decide when nightly training starts: once on each day, whatever the clock does."""
