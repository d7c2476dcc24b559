"""Measure the ranking of slates in this process: without the model, and with scores kept."""
