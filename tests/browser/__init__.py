"""Helpers for tests of the dashboard in a real Chromium."""
