"""Limits that keep one requester or one host from taking the capacity of all."""
