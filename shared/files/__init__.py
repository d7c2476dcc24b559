"""Hold what every process must agree on about files: atomic writes and object-storage options."""
