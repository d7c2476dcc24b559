"""Tests of the gateway endpoints, resumed streams and request traces."""
