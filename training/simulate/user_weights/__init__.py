"""Simulate how near the weights of single users come to the true ones, from their clicks alone."""
