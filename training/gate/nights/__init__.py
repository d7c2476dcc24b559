"""Judge predictions end to end, and pool the evidence of several nights."""
