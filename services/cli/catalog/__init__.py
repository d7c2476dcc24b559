"""Fill the catalog from a folder, and read it at the gateway."""
