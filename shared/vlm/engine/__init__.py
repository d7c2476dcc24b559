"""Run the model in this process: prompts, batches, forced digits and answers."""
