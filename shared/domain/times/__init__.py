"""Parse and bound the times of events."""
