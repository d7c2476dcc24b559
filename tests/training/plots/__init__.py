"""Tests of the shared SVG plots."""
