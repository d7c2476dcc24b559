"""Run the model at a vLLM server on this machine, and restart the server when it fails."""
