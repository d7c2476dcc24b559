"""Train other methods on the recorded days of the loop, night by night, without Kafka."""
