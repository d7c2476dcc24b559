"""Tests of the dashboard in a real browser on the whole system."""
