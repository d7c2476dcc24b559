"""Unit tests of the events' record keys."""
