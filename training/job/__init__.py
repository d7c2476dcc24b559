"""Run one training job: dataset, examples, SFT, GRPO, and the evidence on the challenger."""
