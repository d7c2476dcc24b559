"""Keep events in Delta tables: collect them from Kafka exactly once, and erase users."""
