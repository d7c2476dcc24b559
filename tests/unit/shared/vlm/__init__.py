"""Tests of model selection, checkpoints, batching and the model server client."""
