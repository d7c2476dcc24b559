"""Reads that end: ranges, tails, whole topics, one key, one record."""
