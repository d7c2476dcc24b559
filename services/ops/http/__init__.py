"""The web app: server, middleware, error responses, streaming, idempotency and health."""
