"""Tiny checkpoints with random weights, in the layout and with the tokenizers of real models."""
