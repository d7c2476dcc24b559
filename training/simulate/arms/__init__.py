"""Rank the recorded days again with other models and methods, each end to end as serving does."""
