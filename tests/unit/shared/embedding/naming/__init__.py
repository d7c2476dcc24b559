"""Tests of the words for what images show."""
