"""Tests of the feed index."""
