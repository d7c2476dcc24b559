"""Measure how often the gate is right, on simulated training jobs of known truth."""
