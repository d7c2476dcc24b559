"""The rewards of GRPO: predicted profiles, well-formed answers, correctly ranked pairs."""
