"""Prove the method step by step: base, then SFT, then GRPO, then the prediction reward."""
