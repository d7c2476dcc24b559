"""Unit tests of the stores' pure parts."""
