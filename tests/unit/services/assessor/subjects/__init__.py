"""Tests of what images show, in a feed."""
