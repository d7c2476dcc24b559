"""Serve the gateway to language models by the Model Context Protocol (MCP)."""
