"""Index the published images in the background: load, encode, describe, write."""
