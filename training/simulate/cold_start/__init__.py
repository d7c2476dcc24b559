"""Measure how fast a running system learns the taste of a new user."""
