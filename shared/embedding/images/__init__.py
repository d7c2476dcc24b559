"""Image embeddings: the protocol, and the pretrained network that a Python package contains."""
