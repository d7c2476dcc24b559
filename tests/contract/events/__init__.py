"""The public contract: golden events, malformed records, schemas and the AsyncAPI document."""
