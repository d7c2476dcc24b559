"""Start a service process: settings, shared dependencies, promotions, a clean shutdown."""
