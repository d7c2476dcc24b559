"""Rank the lists of an imported history again, and measure where its clicks would have been."""
