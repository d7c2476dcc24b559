"""Tests of the assessor on fakes."""
