"""Logs and traces, with the ids that connect them."""
