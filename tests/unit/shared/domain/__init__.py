"""Unit tests of the domain values and rules."""
