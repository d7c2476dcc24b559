"""Tests of collecting events into the lake."""
