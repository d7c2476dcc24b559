"""The published contract: JSON Schemas and the AsyncAPI document, generated from the types."""
