"""Print results, progress and errors: tables, JSON lines and HTML pages."""
