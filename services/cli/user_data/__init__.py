"""Find what is stored about one user, for export and for erasure."""
