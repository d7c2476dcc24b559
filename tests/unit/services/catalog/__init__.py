"""Unit tests of the catalog service."""
