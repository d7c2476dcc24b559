"""Tests of the image loader over real connections."""
