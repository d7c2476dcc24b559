"""Download packages with real pictures, select the pictures, and compare them with a record."""
