"""Authentication: bearer tokens, roles, rate limits, sessions and the sign-in page."""
