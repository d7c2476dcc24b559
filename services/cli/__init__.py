"""The command line `preferstream`."""
