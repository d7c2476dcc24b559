"""Divide the liked references of one user into tastes, by their words or by image vectors."""
