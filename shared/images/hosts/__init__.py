"""Remote image hosts: their names, their limits and their circuit breakers."""
