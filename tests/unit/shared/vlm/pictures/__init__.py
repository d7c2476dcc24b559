"""Tests of the reader of real pictures: measured words, scores from words, and its model."""
