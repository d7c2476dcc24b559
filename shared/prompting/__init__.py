"""Prompts, the parser of their answers, rationales, reference groups and prediction voting."""
