"""Tests of the model engines on the shipped model and on a real vLLM server."""
