"""Test how the photographs of a folder are rated."""
