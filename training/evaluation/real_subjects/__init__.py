"""Measure how often the words for what real pictures show are right, and how often one is given."""
