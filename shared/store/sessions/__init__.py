"""Store what the pages of a feed have shown for a day, and the keys that sign their cursors."""
