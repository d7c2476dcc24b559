"""Rank images by what they show as well: vectors, scores of the subject, and words for it."""
