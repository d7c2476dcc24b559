"""Text embeddings: the protocol, the MiniLM embedder, and the vectors of tastes."""
