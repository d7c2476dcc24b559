"""The event types of the public contract, one file each."""
