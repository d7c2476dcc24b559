"""Tests of the pages of users."""
