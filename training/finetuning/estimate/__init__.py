"""Estimate the memory and the time of a training from its configuration, before it starts."""
