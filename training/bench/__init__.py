"""Measure what the parts do in a second, each beside its baseline in one run."""
