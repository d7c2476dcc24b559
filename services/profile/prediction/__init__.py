"""Predict a profile from references: groups, vote weights, votes, drift detection."""
