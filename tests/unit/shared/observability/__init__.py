"""Unit tests of logs and traces."""
