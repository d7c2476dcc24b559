"""Ask a model about benchmarks in the PreferImg-Bench file format, and count what it got right."""
