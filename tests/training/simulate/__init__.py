"""Tests of the closed loop: simulated users, baselines, metrics, results, the README's block."""
