"""Tests of the dataset: pairs, weights, splits and the report, on a small lake."""
