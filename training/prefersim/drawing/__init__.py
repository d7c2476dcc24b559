"""Draw images with known values of the five elements, and degrade them."""
