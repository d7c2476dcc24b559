"""The stages of nano's training: vision tower, language model, both together."""
