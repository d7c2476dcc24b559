"""Nano's architecture, tokenizer and processor, and the folder that ships."""
