"""The operations service: dashboard pages, and the HTTP gateway for apps."""
