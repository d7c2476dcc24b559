"""Measure whether stated tastes hold and changed tastes are followed, on skewed catalogs."""
