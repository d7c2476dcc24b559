"""Tests of what all runs share: their layers, their weights and their learning rate."""
