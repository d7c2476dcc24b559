"""The rewards of GRPO: predicted profiles, well-formed answers, pairs ranked right."""
