"""Tests of the subjects of a profile."""
