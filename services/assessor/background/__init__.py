"""Work that starts after a feed is published and that no request waits for."""
