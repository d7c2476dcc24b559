"""Unit tests of child processes."""
