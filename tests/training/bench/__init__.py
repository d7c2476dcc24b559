"""Test the benchmarks of speed."""
