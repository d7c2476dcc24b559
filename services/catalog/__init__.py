"""Keep the catalog: accept published images, index their content, and yield to feeds."""
