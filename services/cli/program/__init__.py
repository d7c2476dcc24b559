"""The command `preferstream` itself: its entry, its list of commands, and its end on a signal."""
