"""GRPO: the trainer, the frozen reward model, and the caches that make a step fast."""
