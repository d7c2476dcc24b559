"""Weights of the scores in a total: of one user, over the five elements and the subject."""
