"""Identify requests, and remember the recent ones."""
