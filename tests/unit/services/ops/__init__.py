"""Unit tests of the operations service: the real web app on fakes."""
