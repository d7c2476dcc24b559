"""Atomic file writes, object-storage options and addresses of servers, the same for every process."""
