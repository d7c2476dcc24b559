"""Find the users whose taste an image of the catalog meets."""
