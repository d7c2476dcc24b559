"""Servers of the OpenAI API without a model, which answer as kinds of models do."""
