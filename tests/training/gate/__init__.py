"""Tests of the gate: intervals, decisions, reports and simulated jobs."""
