"""What operators do: the audit log, and interfaces to dead letters, models and training jobs."""
