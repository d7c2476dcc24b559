"""Access to Kafka: send events, wait for feeds, read feeds back, and inspect the cluster."""
