"""Test how the images of a request are found in the catalog."""
