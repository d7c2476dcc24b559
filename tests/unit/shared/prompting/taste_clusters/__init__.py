"""Liked references are divided into tastes."""
