"""Real pictures that Python packages bring along, with their kind, subject and license."""
