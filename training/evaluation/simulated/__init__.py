"""Measure a model folder on the frozen simulated benchmarks, element by element."""
