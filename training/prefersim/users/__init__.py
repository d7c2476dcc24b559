"""Simulate users, their choices and their true scores."""
