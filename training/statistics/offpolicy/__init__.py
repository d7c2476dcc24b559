"""Estimate what another policy would have earned on logged decisions (off-policy evaluation)."""
