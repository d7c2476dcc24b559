"""Open the dashboard in a real Chromium."""
