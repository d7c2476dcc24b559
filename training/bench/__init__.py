"""Measure the speed of the model engine, next to a baseline, and of a running system."""
