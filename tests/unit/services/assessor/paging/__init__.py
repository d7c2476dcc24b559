"""Tests of feeds that continue page by page."""
