"""Store the catalog: published images, their vectors, and queries by taste over them."""
