"""Use a model at a vLLM server through its OpenAI-compatible API."""
