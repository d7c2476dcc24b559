"""Several tastes of one user."""
