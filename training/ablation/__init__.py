"""Ablation of the method: base, SFT, GRPO, with the prediction reward, and SFT continued."""
