"""Decide whether a challenger takes over, and tell why."""
