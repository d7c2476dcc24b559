"""Simulate users with known tastes, and draw images with known values of the five elements."""
