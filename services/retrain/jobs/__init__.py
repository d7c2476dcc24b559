"""Run training jobs (schedule, lock, collect, train, gate, finalize), and show them."""
