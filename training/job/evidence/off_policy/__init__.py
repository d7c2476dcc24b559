"""Read logged slates from the lake and score them, to value the orders of the models."""
