"""Tests of sign-in, sessions, tokens and rate limits."""
