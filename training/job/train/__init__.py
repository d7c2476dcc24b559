"""Run SFT and GRPO in processes of their own."""
