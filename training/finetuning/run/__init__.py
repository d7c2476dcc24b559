"""One run of SFT or GRPO: configuration, limits, policy, progress, checkpoints, adapter."""
