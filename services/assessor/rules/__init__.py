"""Apply the rules of a shop to a ranking: pins, caps and boosts from a rules file."""
