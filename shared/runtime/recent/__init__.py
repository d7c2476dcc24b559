"""Keep what was read from the store lately in memory: descriptions, vectors and known image ids."""
