"""Erasures, removals and what ends with them: every store keeps and proves them."""
