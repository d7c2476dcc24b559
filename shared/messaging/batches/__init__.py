"""Read record batches of any codec; a part that cannot be read becomes one unreadable record."""
