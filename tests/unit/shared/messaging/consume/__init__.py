"""Tests of the consumption of topics."""
