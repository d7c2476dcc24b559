"""Read feedback cases and score their pairs, for the examples and for the evidence."""
