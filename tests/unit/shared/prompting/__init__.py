"""Unit tests of prompts, parser, rationales and voting."""
