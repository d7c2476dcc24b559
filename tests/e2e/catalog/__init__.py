"""Publish a catalog to a running system, and get feeds of it."""
