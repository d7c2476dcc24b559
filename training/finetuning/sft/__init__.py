"""SFT: the trainer and its batches."""
