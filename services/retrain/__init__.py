"""Collect events into the lake, train on them every night, and decide which model serves."""
