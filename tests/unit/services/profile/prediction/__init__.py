"""Tests of the prediction of a profile."""
