"""What SFT and GRPO share: cases, rows, the policy, limits, progress and the adapter they leave."""
