"""Evaluate a model on the frozen simulated benchmarks, with the simulator's true values."""
