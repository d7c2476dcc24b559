"""Evidence for the score of an image: claims from words and references, and their sentence."""
