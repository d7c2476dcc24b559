"""Unit tests of the engine in the process."""
