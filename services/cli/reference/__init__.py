"""List all settings and all metrics for the reference pages."""
