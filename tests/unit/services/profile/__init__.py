"""Unit tests of the profile service, on fakes."""
