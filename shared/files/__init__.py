"""Atomic file writes, object-storage options and server addresses, the same for every process."""
