"""Atomic file writes and object-storage options, the same for every process."""
