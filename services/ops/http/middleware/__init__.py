"""What every request passes through before it meets a page or an endpoint."""
