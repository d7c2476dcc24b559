"""Rank real pictures of packages after five liked and five disliked ones."""
