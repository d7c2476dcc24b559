"""Unit tests of the dead letters: their cache, filter and replay rules."""
