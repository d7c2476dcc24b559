"""The vision-language model: protocol, engines, checkpoints, model selection."""
