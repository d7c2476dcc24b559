"""Training jobs, evaluations and simulations from the command line."""
