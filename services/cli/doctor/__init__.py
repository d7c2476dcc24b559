"""The checks of `preferstream doctor`."""
