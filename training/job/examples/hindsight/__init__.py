"""Learn from all choices together which profile each user has and which words each image shows."""
