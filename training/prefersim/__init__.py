"""Simulated users: drawings whose five visual elements are known, and tastes over them."""
