"""What GRPO rewards: predicted profiles, well-formed answers and pairs ranked right."""
