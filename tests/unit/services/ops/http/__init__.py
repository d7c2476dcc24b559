"""Tests of the middleware, the routes, the server and event streams."""
