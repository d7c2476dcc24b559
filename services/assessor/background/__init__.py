"""Describe images and evaluate the challenger after the feed is published."""
