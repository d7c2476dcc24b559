"""Tests of the image vectors and of what they are used for."""
