"""Stores for profiles, corrections, impressions, images and erasures: protocols and Qdrant."""
