"""Tests of the canary: traffic of variants, guardrails."""
