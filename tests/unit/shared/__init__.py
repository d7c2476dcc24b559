"""Unit tests of the shared code."""
