"""Read the catalog for endpoints and pages: one image, lists, similar images, and searches."""
