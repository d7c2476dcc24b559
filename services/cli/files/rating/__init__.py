"""Rate the photographs of a folder: find them, give stars, and write XMP sidecars."""
