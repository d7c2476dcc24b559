"""Prompt styles: one folder each, with prompts, answer layout and parser."""
