"""Tests of span export to a collector."""
