"""Fine-tune a model with SFT or GRPO: data, trainers and the run that both share."""
