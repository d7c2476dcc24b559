"""Tests of image addresses, sources and decoding."""
