"""Tests of the training of the classifier of drawings and mediums."""
