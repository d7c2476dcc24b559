"""Events from and to apps: clients, gateway, malformed events, corrections, erasures."""
