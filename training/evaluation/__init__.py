"""Evaluate a model: items, scoring, pairing, controls, confidence intervals, report."""
