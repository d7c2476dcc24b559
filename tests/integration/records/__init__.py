"""Records of any codec, damaged records, and offsets without records, on a real Kafka."""
