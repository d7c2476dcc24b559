"""Turn prompts with images into the inputs of a model, for each family of architectures."""
