"""Define the requests and results that services and training exchange across processes."""
