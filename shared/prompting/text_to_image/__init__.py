"""Turn a profile into a text-to-image prompt, and let a server draw it (arXiv 2511.00609)."""
