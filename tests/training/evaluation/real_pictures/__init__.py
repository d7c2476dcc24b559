"""Tests of the ranking of real pictures."""
