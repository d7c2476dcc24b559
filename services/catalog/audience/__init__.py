"""Publish the users whose taste a new image of the catalog meets."""
