"""Keep removed images removed: which ones are removed, and what else is stored about them."""
