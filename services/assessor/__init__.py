"""Rank the candidate images of a request for one user and publish the feed."""
