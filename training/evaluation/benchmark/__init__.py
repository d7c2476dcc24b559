"""Evaluate a model on benchmarks in the PreferImg-Bench file format."""
