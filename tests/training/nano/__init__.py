"""Tests of nano: rows, training stages, export and the shipped model."""
