"""Turn a request into its feed, one step per file, in the order of `service.py`."""
