"""Blind tests: marks, pairs, predictions that are fixed beforehand, choices and results."""
