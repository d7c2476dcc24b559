"""Train and measure the method step by step: base, SFT, GRPO, GRPO with prediction reward."""
