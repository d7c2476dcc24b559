"""Measure which words of an element count as near-synonyms."""
