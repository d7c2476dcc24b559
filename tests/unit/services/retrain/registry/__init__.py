"""Tests of the registry: versions in folders, promotions."""
