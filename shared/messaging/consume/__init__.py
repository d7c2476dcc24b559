"""Long-running consumption of a topic: slow and fast path, retries, dead letters, commits."""
