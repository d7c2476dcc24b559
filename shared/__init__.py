"""Code that several processes share: domain, events, messaging, models, stores and the client."""
