"""Tests of the model protocol on every engine."""
