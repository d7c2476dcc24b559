"""The store with a real Qdrant server: TLS and API keys."""
