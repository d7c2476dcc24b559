"""From the bytes of a Kafka record to an event, and back."""
