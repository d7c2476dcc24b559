"""Tests of GRPO: its trainer, advantages, other prompts, and what is computed once."""
