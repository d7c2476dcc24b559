"""Tests of the real text embedder."""
