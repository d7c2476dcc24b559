"""One file per command of `preferstream`."""
