"""Several tastes of one user: predict each group of liked references, and keep the ids."""
