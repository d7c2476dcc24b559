"""Tests of the evaluations: benchmark files, held-out users, simulated benchmarks."""
