"""Commands that do what an app does: send events, read feeds and profiles."""
