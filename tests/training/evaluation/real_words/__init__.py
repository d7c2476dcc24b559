"""Tests of the check of words on real pictures."""
