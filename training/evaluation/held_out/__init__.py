"""Evaluate a model on simulated users that no training saw."""
