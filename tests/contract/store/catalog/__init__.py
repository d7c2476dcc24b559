"""Test the catalog of every store: which collection serves, its queries, and random draws."""
