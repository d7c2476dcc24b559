"""The demo: its image files, its story through Kafka, its checks and its page."""
