"""Measure the rankings of each day, merge seeds, check for a collapse, and plot the results."""
