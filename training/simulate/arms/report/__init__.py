"""Compare the arms of all seeds: a table, a plot, and the statements that they support."""
