"""Middleware that every request passes before it reaches a page or an endpoint."""
