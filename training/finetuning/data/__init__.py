"""Cases and examples: their types, their files, simulated ones, and rows for the trainers."""
