"""Measure what training can gain: how far the frozen model is from the best possible ranking."""
