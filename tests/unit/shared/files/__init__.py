"""Unit tests of atomic writes and storage options."""
