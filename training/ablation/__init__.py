"""Ablation of the method: base, SFT, GRPO, GRPO with the prediction reward."""
