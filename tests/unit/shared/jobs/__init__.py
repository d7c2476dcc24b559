"""Unit tests of the values that services and training exchange."""
