"""Measure whether corrections of a taste move the images that show the corrected word."""
