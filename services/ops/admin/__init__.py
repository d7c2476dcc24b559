"""Record operator actions, and define interfaces to dead letters, models and training jobs."""
