"""Kafka connections: settings, security, consumers, producers and header compatibility."""
