"""Commands that move data into the system and out of it, and that value a history before that."""
