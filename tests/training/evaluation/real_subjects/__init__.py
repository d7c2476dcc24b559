"""Tests of the figures for words of what real pictures show."""
