"""Confidence intervals over users, calibration errors and comparisons of score distributions."""
