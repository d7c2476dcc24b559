"""Simulate the closed loop: users click on real feeds, and a training job follows each day."""
