"""Encode images at an embedding server with the OpenAI API, such as vLLM."""
