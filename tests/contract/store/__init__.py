"""Contract tests that every store passes, in memory and in Qdrant."""
